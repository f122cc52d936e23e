"""One decision on its way into the ledger, and its record: the path that every single check takes."""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType


class Single(msgspec.Struct, frozen=True, gc=False):
    """What one question was answered: all of its record but what the ledger itself gives.

    Instants are whole seconds since 1970, `as_of` is text with milliseconds; `nonce` and `req_sha256` are as asked,
    `performers` those named by `prf_…`.
    """

    audience: str
    licensee: str
    issued_s: int
    expires_s: int
    as_of: str
    nonce: str | None
    position: str
    seq: int
    req_sha256: str
    decision: str
    reasons: Sequence[str]
    obligations: Sequence[str]
    grants: Sequence[str]
    performers: Sequence[str]
    attester: str | None


# Members stand in the order of their names: msgspec writes them as RFC 8785 does.
class _Record(msgspec.Struct, gc=False):
    as_of: str
    attester: str | UnsetType
    aud: str
    decision: str
    decision_id: str
    exp: int
    grants: Sequence[str]
    iat: int
    n: int
    nonce: str | None
    obligations: Sequence[str]
    performers: Sequence[str]
    position: str
    reasons: Sequence[str]
    req_sha256: str
    salt: str
    seq: int
    sub: str


_ENCODE = msgspec.json.Encoder().encode


def single_bytes(single: Single, *, n: int, decision_id: str, salt: bytes) -> bytes:
    """The record (SPEC §9.3 of `signing`), as `signing.ledger_record.write_record` would write it."""
    nonce = single.nonce
    return _ENCODE(
        _Record(
            single.as_of,
            UNSET if single.attester is None else single.attester,
            single.audience,
            single.decision,
            decision_id,
            single.expires_s,
            single.grants,
            single.issued_s,
            n,
            None if nonce is None else hashlib.sha256(salt + nonce.encode()).hexdigest(),
            single.obligations,
            single.performers,
            single.position,
            single.reasons,
            hashlib.sha256(salt + single.req_sha256.encode()).hexdigest(),
            salt.hex(),
            single.seq,
            single.licensee,
        )
    )
