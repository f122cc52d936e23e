"""What is counted of a record, read quickly: its frame and root have been checked, and the rest is not needed."""

from datetime import UTC, datetime

import msgspec

from consent.check.ledger.errors import SegmentBrokenError


class CountedItem(msgspec.Struct):
    """One decision."""

    decision: str
    grants: tuple[str, ...]
    performers: tuple[str, ...]


class _Record(msgspec.Struct):
    aud: str
    iat: int
    items: list[CountedItem] | None = None


_RECORD = msgspec.json.Decoder(_Record)
_ITEM = msgspec.json.Decoder(CountedItem)


class CountedRecord(msgspec.Struct):
    """Who asked, when, and the decisions that were told."""

    audience: str
    issued_at: datetime
    items: list[CountedItem]


def counted(data: bytes) -> CountedRecord:
    """What these bytes of a record count for; SegmentBrokenError if they are no record."""
    try:
        record = _RECORD.decode(data)
        items = [_ITEM.decode(data)] if record.items is None else record.items
        issued_at = datetime.fromtimestamp(record.iat, UTC)
    except (msgspec.MsgspecError, OverflowError, ValueError, OSError) as exc:
        raise SegmentBrokenError("a record cannot be read") from exc
    return CountedRecord(audience=record.aud, issued_at=issued_at, items=items)
