"""Countersignatures: the registry's word that it recorded a grant, when, and where its status stands (SPEC §6.2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from signing import jws
from signing.bodies.fields import boolean, identifier, instant, integer, record, sha256, text
from signing.canonical import JSON
from signing.errors import MalformedError, UntrustedError
from signing.instants import format_instant, parse_instant
from signing.purposes import COUNTERSIGNATURE
from signing.signer import Signer
from signing.trust import Trust

MAX_BYTES = 8192
STATUS_LIST_SIZE = 2**20  # DESIGN §9: indexes of a status list


@dataclass(frozen=True, slots=True, kw_only=True)
class Countersignature:
    """`seq` is the grant's place in the registry's history; `status_uri` and `status_idx` its status-list entry."""

    grant: str
    grant_sha256: str
    seq: int
    recorded_at: datetime
    status_uri: str
    status_idx: int
    livemode: bool


_PAYLOAD = record(
    {
        "grant": identifier("grt"),
        "grant_sha256": sha256,
        "seq": integer(0),
        "recorded_at": instant,
        "status": record({"uri": text(500), "idx": integer(0, STATUS_LIST_SIZE - 1)}),
        "livemode": boolean,
    }
)


def sign_countersignature(countersignature: Countersignature, *, signer: Signer) -> str:
    """The countersignature as compact JWS by the registry key.

    Raises:
        MalformedError: the value breaks a rule of countersignatures.
        UntrustedError: the signer is not of the role `registry`.
    """
    payload: dict[str, JSON] = {
        "grant": countersignature.grant,
        "grant_sha256": countersignature.grant_sha256,
        "seq": countersignature.seq,
        "recorded_at": format_instant(countersignature.recorded_at),
        "status": {"uri": countersignature.status_uri, "idx": countersignature.status_idx},
        "livemode": countersignature.livemode,
    }
    _read(payload)
    return signer.sign_jws(typ=COUNTERSIGNATURE, payload=payload)


def verify_countersignature(
    token: str, *, trust: Trust, expected_grant: str, expected_grant_sha256: str, expected_livemode: bool
) -> Countersignature:
    """Check that a registry key of that side, valid then, recorded exactly this grant.

    Raises:
        MalformedError: not a countersignature.
        SignatureError: the signature does not hold, or it is of another purpose.
        UntrustedError: by a key that was no registry key of that side then, or of another grant or side.
    """
    known = {each.kid: each.key for each in trust.keys if each.role == "registry"}
    verified = jws.verify(token, expected_typ=COUNTERSIGNATURE, keys=known, max_bytes=MAX_BYTES)
    try:
        read = _read(verified.payload)
    except MalformedError as exc:
        raise exc.under("/payload") from exc
    if (read.grant, read.grant_sha256) != (expected_grant, expected_grant_sha256):
        raise UntrustedError("countersignature is of another grant")
    if read.livemode != expected_livemode:
        raise UntrustedError("countersignature is of the other side")
    trust.key(verified.key.thumbprint, "registry", expected_livemode, read.recorded_at)
    return read


def _read(payload: dict[str, JSON]) -> Countersignature:
    _PAYLOAD(payload, "")
    status = cast("dict[str, JSON]", payload["status"])
    return Countersignature(
        grant=cast("str", payload["grant"]),
        grant_sha256=cast("str", payload["grant_sha256"]),
        seq=cast("int", payload["seq"]),
        recorded_at=parse_instant(payload["recorded_at"], pointer="/recorded_at"),
        status_uri=cast("str", status["uri"]),
        status_idx=cast("int", status["idx"]),
        livemode=payload["livemode"] is True,
    )
