"""A decision, or a batch, on its way into the ledger: all of its record but what the ledger itself gives."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from signing.instants import format_instant_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftItem:
    """One decision. `performers` are those named by `prf_…`, `row` is the asker's name of it in a batch."""

    req_sha256: str
    decision: str
    reasons: Sequence[str]
    obligations: Sequence[str]
    grants: Sequence[str]
    performers: Sequence[str]
    attester: str | None = None
    row: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one question or one batch was answered."""

    livemode: bool
    audience: str
    licensee: str
    issued_at: datetime
    expires_at: datetime
    as_of: datetime
    nonce: str | None
    position: str
    seq: int
    batch: bool
    items: Sequence[DraftItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the ledger says of a record that it holds: an id for each item, and the record's digest."""

    decision_ids: Sequence[str]
    record_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDecision:
    """One kept decision with its receipt."""

    decision: str
    outcome: str
    record_sha256: str
    decided_at: datetime
    receipt: str


class Ledger(Protocol):
    """Keeps what was answered. An answer leaves only after `keep` returned."""

    def keep(self, draft: Draft) -> Kept:
        """Keep it; a kill of the process does not lose it any more. LedgerError if it could not be kept."""

    def find(self, decision: str, *, organization: str, livemode: bool) -> FoundDecision:
        """One of the organization's own; NotFound for anybody else's, for none, and while it is not sealed."""


# Members stand in the order of their names: msgspec writes them as RFC 8785 does.
class _Item(msgspec.Struct):
    attester: str | UnsetType
    decision: str
    decision_id: str
    grants: Sequence[str]
    id: str | UnsetType
    obligations: Sequence[str]
    performers: Sequence[str]
    reasons: Sequence[str]
    req_sha256: str


class _Batch(msgspec.Struct):
    as_of: str
    aud: str
    exp: int
    iat: int
    items: list[_Item]
    n: int
    nonce: str | None
    position: str
    salt: str
    seq: int
    sub: str


class _Single(msgspec.Struct):
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


_ENCODE: Final = msgspec.json.Encoder().encode


def record_bytes(draft: Draft, *, n: int, decision_ids: Sequence[str], salt: bytes) -> bytes:
    """The record (SPEC §9.3 of `signing`), as `signing.ledger_record.write_record` would write it."""
    sha256 = hashlib.sha256
    nonce = None if draft.nonce is None else sha256(salt + draft.nonce.encode()).hexdigest()
    iat, exp = int(draft.issued_at.timestamp()), int(draft.expires_at.timestamp())
    as_of = format_instant_ms(draft.as_of)
    if draft.batch:
        items = [
            _Item(
                UNSET if each.attester is None else each.attester,
                each.decision,
                name,
                each.grants,
                UNSET if each.row is None else sha256(salt + each.row.encode()).hexdigest(),
                each.obligations,
                each.performers,
                each.reasons,
                sha256(salt + each.req_sha256.encode()).hexdigest(),
            )
            for each, name in zip(draft.items, decision_ids, strict=True)
        ]
        return _ENCODE(
            _Batch(
                as_of,
                draft.audience,
                exp,
                iat,
                items,
                n,
                nonce,
                draft.position,
                salt.hex(),
                draft.seq,
                draft.licensee,
            )
        )
    item = draft.items[0]
    return _ENCODE(
        _Single(
            as_of,
            UNSET if item.attester is None else item.attester,
            draft.audience,
            item.decision,
            decision_ids[0],
            exp,
            item.grants,
            iat,
            n,
            nonce,
            item.obligations,
            item.performers,
            draft.position,
            item.reasons,
            sha256(salt + item.req_sha256.encode()).hexdigest(),
            salt.hex(),
            draft.seq,
            draft.licensee,
        )
    )
