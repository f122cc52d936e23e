"""The registry's seal on a grant row: made once after the performer's signature was verified, checked on every load.

Whoever can write to the database but does not hold the registry's key can neither add a grant, nor change
its terms, nor move it to another pair: such a row does not open, and what does not open denies.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.registry.models import Grant
from consent.registry.ports import SideSigners
from consent.registry.stored_json import sha256
from signing import jws
from signing.errors import SigningError
from signing.instants import format_instant, parse_instant
from signing.purposes import GRANT_SEAL


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


def check_seal(row: Grant, *, reference: str, signers: SideSigners) -> datetime:
    """Accept a row whose seal fits every part of it; returns the sealed instant of signing.

    `reference` is what the pair's own row calls the performer, so that two grants cannot swap pairs.

    Raises:
        SealBrokenError: not a seal of this side's registry keys, or a seal of other parts.
    """
    keys = {key.thumbprint: key for key in (signers.registry.public, *signers.registry_retired)}
    try:
        payload = jws.verify(row.seal, expected_typ=GRANT_SEAL, keys=keys).payload
    except SigningError as exc:
        raise SealBrokenError(f"the seal of {row.id} does not verify") from exc
    terms = bytes(row.terms)
    if sha256(terms) != row.terms_sha256:
        raise SealBrokenError(f"the terms of {row.id} are not those of its digest")
    expected = SealedParts(
        grant=row.id,
        grant_sha256=row.grant_sha256,
        terms_sha256=row.terms_sha256,
        performer=reference,
        licensee=row.organization_id,
        livemode=row.livemode,
        status_list=row.status_list,
        status_index=row.status_index,
        signed_at=row.signed_at,
    ).payload()
    if payload != expected or row.reference != reference:
        raise SealBrokenError(f"the seal of {row.id} is over other parts")
    return parse_instant(expected["signed_at"])
