"""The registry's seal on a grant row: made once after the performer's signature was verified, checked on every load.

Whoever can write to the database but does not hold the registry's key can neither add a grant, nor change
its terms, nor move it to another pair: such a row does not open, and what does not open denies.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from consent.core.terms import GrantTerms
from consent.registry.ports import SideSigners
from consent.registry.stored_json import from_bytes, sha256
from signing import jws
from signing.errors import SigningError
from signing.instants import format_instant
from signing.keys import PublicKey
from signing.purposes import GRANT_SEAL

CACHED_GRANTS = 50_000  # compiled terms kept in memory; some 5 kB each


class SealBrokenError(Exception):
    """The row is not the grant that was sealed. The message names the grant and the part, nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedParts:
    """What the seal vouches for. `signed_at` is cut to seconds, as bodies are."""

    grant: str
    grant_sha256: str
    terms_sha256: str
    performer: str
    licensee: str
    livemode: bool
    status_list: int
    status_index: int
    signed_at: datetime

    def payload(self) -> dict[str, Any]:
        """The claims."""
        return {
            "grant": self.grant,
            "grant_sha256": self.grant_sha256,
            "licensee": self.licensee,
            "livemode": self.livemode,
            "performer": self.performer,
            "signed_at": format_instant(self.signed_at),
            "status": {"idx": self.status_index, "list": self.status_list},
            "terms_sha256": self.terms_sha256,
        }


def make_seal(parts: SealedParts, *, signers: SideSigners) -> str:
    """The JWS of the side's registry key; made before the log's head is locked."""
    return signers.registry.sign_jws(typ=GRANT_SEAL, payload=parts.payload())


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """The columns of a grant row that its seal covers, as they were read."""

    parts: SealedParts
    terms: bytes
    seal: str


@lru_cache(maxsize=CACHED_GRANTS)
def open_sealed(row: StoredGrant, keys: tuple[PublicKey, ...]) -> GrantTerms:
    """The terms of a row whose seal fits every part of it.

    `row.parts.performer` is what the pair's own row calls the performer, so that two grants cannot swap
    pairs; `keys` are the side's registry keys. The cache key is everything that is judged.

    Raises:
        SealBrokenError: not a seal of these keys, or a seal of other parts.
    """
    grant = row.parts.grant
    try:
        by_id = {key.thumbprint: key for key in keys}
        payload = jws.verify(row.seal, expected_typ=GRANT_SEAL, keys=by_id).payload
        if payload != row.parts.payload():
            raise SealBrokenError(f"the seal of {grant} is over other parts")
        if sha256(row.terms) != row.parts.terms_sha256:
            raise SealBrokenError(f"the terms of {grant} are not those of its digest")
        return GrantTerms.from_json(from_bytes(row.terms))
    except SigningError as exc:
        raise SealBrokenError(f"the seal or the terms of {grant} cannot be read") from exc


def seal_keys(signers: SideSigners) -> tuple[PublicKey, ...]:
    """The keys whose seals count on one side."""
    return (signers.registry.public, *signers.registry_retired)
