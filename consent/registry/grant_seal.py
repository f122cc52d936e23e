"""The registry's seal on a grant row: made once after the performer's signature was verified, checked on every load.

Whoever can write to the database but does not hold the registry's key can neither add a grant, nor change
its terms, nor move it to another pair: such a row does not open, and what does not open denies.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

from consent.core.terms import GrantTerms
from consent.registry.ports import SideSigners
from consent.registry.stored_json import from_bytes, sha256
from signing import jws
from signing.canonical import canonicalize
from signing.encoding import b64u, unb64u
from signing.errors import SigningError
from signing.instants import format_instant
from signing.keys import PublicKey
from signing.purposes import GRANT_SEAL

OPENED = (
    2048  # rows whose seal need not be checked again; some 3 kB each, and up to 4 kB of terms of their own
)


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


@lru_cache(maxsize=OPENED)
def open_sealed(row: StoredGrant, keys: tuple[PublicKey, ...]) -> GrantTerms:
    """The terms of a row whose seal fits every part of it.

    `row.parts.performer` is what the pair's own row calls the performer, so that two grants cannot swap
    pairs; `keys` are the side's registry keys. The cache key is everything that is judged.

    Raises:
        SealBrokenError: not a seal of these keys, or a seal of other parts.
    """
    grant = row.parts.grant
    try:
        if not _is_sealed_as_we_write(row, keys):
            by_id = {key.thumbprint: key for key in keys}
            payload = jws.verify(row.seal, expected_typ=GRANT_SEAL, keys=by_id).payload
            if payload != row.parts.payload():
                raise SealBrokenError(f"the seal of {grant} is over other parts")
        if sha256(row.terms) != row.parts.terms_sha256:
            raise SealBrokenError(f"the terms of {grant} are not those of its digest")
        return _terms(row)
    except SigningError as exc:
        raise SealBrokenError(f"the seal or the terms of {grant} cannot be read") from exc


# By the digest that was just computed of the bytes. It keeps alive nothing that no grant uses.
_terms_in_use: "WeakValueDictionary[str, GrantTerms]" = WeakValueDictionary()


def _terms(row: StoredGrant) -> GrantTerms:
    found = _terms_in_use.get(row.parts.terms_sha256)
    if found is None:
        compiled = GrantTerms.from_json(from_bytes(row.terms))
        found = _terms_in_use.setdefault(row.parts.terms_sha256, compiled)
    return found


@lru_cache(maxsize=16)
def _header(key: PublicKey) -> str:
    return b64u(canonicalize({"alg": "EdDSA", "kid": key.thumbprint, "typ": GRANT_SEAL}))


def _is_sealed_as_we_write(row: StoredGrant, keys: tuple[PublicKey, ...]) -> bool:
    """Whether the seal is, letter for letter, what `make_seal` would sign today, under a signature that holds.

    Then nothing of it has to be parsed. False says nothing: it may be spelt in another way that is valid.
    """
    said = json.dumps(row.parts.payload(), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    signed, _, signature = row.seal.rpartition(".")
    header, _, payload = signed.partition(".")
    if payload != b64u(said.encode()):
        return False
    for key in keys:
        if key.alg == "EdDSA" and header == _header(key):
            key.verify_jose(unb64u(signature), signed.encode())
            return True
    return False


def seal_keys(signers: SideSigners) -> tuple[PublicKey, ...]:
    """The keys whose seals count on one side."""
    return (signers.registry.public, *signers.registry_retired)
