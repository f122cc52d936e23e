"""A batch on its way into the ledger, and its record: one for all rows, which share what is the same in them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET, Raw, UnsetType

from signing.weaving import weave


class BatchItem(msgspec.Struct, frozen=True, gc=False):
    """A decision that some rows have in common. `performers` are those named by `prf_…`."""

    req_sha256: str
    decision: str
    reasons: Sequence[str]
    obligations: Sequence[str]
    grants: Sequence[str]
    performers: Sequence[str]
    attester: str | None


class BatchDraft(msgspec.Struct, frozen=True, gc=False):
    """What a batch was answered: all of its record but what the ledger itself gives.

    Row `i` is named `names[i]` and was answered `items[places[i]]`. `at` is the primary's clock, the other instants
    as in `Single`.
    """

    livemode: bool
    at: datetime
    audience: str
    licensee: str
    issued_s: int
    expires_s: int
    as_of: str
    nonce: str | None
    position: str
    seq: int
    items: Sequence[BatchItem]
    names: Sequence[str]
    places: Sequence[int]


# Members stand in the order of their names: msgspec writes them as RFC 8785 does.
class _Record(msgspec.Struct, gc=False):
    as_of: str
    aud: str
    exp: int
    iat: int
    items: Raw
    n: int
    nonce: str | None
    position: str
    salt: str
    seq: int
    sub: str


class _Item(msgspec.Struct, gc=False):
    attester: str | UnsetType
    decision: str
    decision_id: str
    grants: Sequence[str]
    id: str
    obligations: Sequence[str]
    performers: Sequence[str]
    reasons: Sequence[str]
    req_sha256: str


_ENCODE = msgspec.json.Encoder().encode
# Places to cut an item at, where a row has its own; quotation marks inside a string are escaped.
_ID, _NAME = '"decision_id":"\\u0001"', '"id":"\\u0002"'


def batch_bytes(draft: BatchDraft, *, n: int, decision_ids: Sequence[str], salt: bytes) -> bytes:
    """The record (SPEC §9.3 of `signing`), as `signing.ledger_record.write_record` would write it."""
    sha256 = hashlib.sha256
    pieces = [_pieces(each, salt) for each in draft.items]
    names = [sha256(salt + name.encode()).hexdigest() for name in draft.names]
    items = weave(pieces, draft.places, decision_ids, names, before=("[",), after="]")
    nonce = draft.nonce
    return _ENCODE(
        _Record(
            draft.as_of,
            draft.audience,
            draft.expires_s,
            draft.issued_s,
            Raw(items.encode()),
            n,
            None if nonce is None else sha256(salt + nonce.encode()).hexdigest(),
            draft.position,
            salt.hex(),
            draft.seq,
            draft.licensee,
        )
    )


def _pieces(item: BatchItem, salt: bytes) -> tuple[str, str, str]:
    """The item behind a comma, cut where its rows have their ids and names."""
    text = _ENCODE(
        _Item(
            UNSET if item.attester is None else item.attester,
            item.decision,
            "\x01",
            item.grants,
            "\x02",
            item.obligations,
            item.performers,
            item.reasons,
            hashlib.sha256(salt + item.req_sha256.encode()).hexdigest(),
        )
    ).decode()
    before, _, rest = text.partition(_ID)
    middle, _, after = rest.partition(_NAME)
    return f',{before}"decision_id":"', f'"{middle}"id":"', f'"{after}'
