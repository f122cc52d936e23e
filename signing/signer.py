"""Who signs for the registry: one small interface in front of every key (SPEC §3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signing import jws
from signing.canonical import JSON
from signing.errors import UntrustedError
from signing.private_key import PrivateKey
from signing.public_key import PublicKey
from signing.purposes import Role, roles_for


class Signer(Protocol):
    """A key that signs for one role, wherever it is kept."""

    @property
    def key_id(self) -> str:
        """RFC 7638 thumbprint of the public key."""

    @property
    def public(self) -> PublicKey:
        """The public key."""

    def sign_jws(
        self, *, typ: str, payload: Mapping[str, JSON], header: Mapping[str, JSON] | None = None
    ) -> str:
        """A compact JWS for the purpose `typ`; UntrustedError if this key's role does not serve it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSigner:
    """A private key in memory, for one role, published with the validity `not_before` ≤ t < `not_after`."""

    private: PrivateKey
    role: Role
    not_before: datetime
    not_after: datetime

    @property
    def key_id(self) -> str:
        """RFC 7638 thumbprint of the public key."""
        return self.private.public.thumbprint

    @property
    def public(self) -> PublicKey:
        """The public key."""
        return self.private.public

    def sign_jws(
        self, *, typ: str, payload: Mapping[str, JSON], header: Mapping[str, JSON] | None = None
    ) -> str:
        """A compact JWS for the purpose `typ`.

        Raises:
            UntrustedError: this key's role does not serve that purpose.
        """
        if self.role not in roles_for(typ):
            raise UntrustedError(f"a {self.role} key does not sign {typ!r:.80}")
        return jws.sign(payload, typ=typ, key=self.private, header=header)
