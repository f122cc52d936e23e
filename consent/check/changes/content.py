"""What a page says, before it is told to one caller under one nonce."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Raw

from consent.core.wire.changes import ChangedSubject, ChangeEvent
from consent.core.wire.times import milliseconds
from consent.log.position import Position
from consent.registry.queries.feed import FeedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One page for one organization. `at` is the primary's clock; `head` what was read up to; `through` up to where
    the page itself leads, None while a snapshot goes on with `page`."""

    at: datetime
    head: Position
    history: str
    l_node_ms: int
    fresh: bool
    from_n: int
    to_n: int
    events: Sequence[ChangeEvent] = ()
    subjects: Sequence[ChangedSubject | Raw] = ()
    snapshot: bool = False
    first: bool = False
    more: bool = False
    page: str | None = None
    through: Position | None = None


def event_of(row: FeedRow) -> ChangeEvent:
    """A row as its organization reads it."""
    return ChangeEvent(
        n=row.n,
        event=row.event,
        at=milliseconds(row.at),
        performer=row.reference,
        licensee=row.licensee,
        grant=row.grant,
    )


def history_id(database_id: str, *, livemode: bool) -> str:
    """An opaque name of one side's history: another after a loss was declared, the same after a restart."""
    side = "live" if livemode else "test"
    return hashlib.sha256(f"consent-registry/history/v1\0{database_id}\0{side}".encode()).hexdigest()[:32]
