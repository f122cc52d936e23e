"""Following history: the heads of both sides, and what happened since a position, as one query sees them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
from django.db import connection
from psycopg.pq import TransactionStatus

from consent.log.errors import NestedTransactionError, NotInitialisedError, UnsafeDatabaseError
from consent.log.position import Head, Position
from consent.log.prepared import Rows, Statement, prepared_together

_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"  # sent with what it reads, not before
_FOLLOW = """
SELECT h.livemode, h.seq, h.chain, h.l_node_ms, h.l_wait_ms, h.database_id, h.key_store_id, clock_timestamp(),
    pg_is_in_recovery(),
    (SELECT a.chain FROM log_event a WHERE a.livemode = h.livemode AND a.seq = w.applied),
    (SELECT f.chain FROM log_event f WHERE f.livemode = h.livemode AND f.seq = w.floor),
    e.seq, e.chain, e.kind, e.performer_id, e.organization_id
FROM log_head h
JOIN (VALUES (true, %(live_applied)b::bigint, %(live_floor)b::bigint),
             (false, %(test_applied)b::bigint, %(test_floor)b::bigint)) AS w (livemode, applied, floor)
    ON w.livemode = h.livemode
LEFT JOIN LATERAL (
    SELECT x.seq, x.chain, x.kind, x.performer_id, x.organization_id FROM log_event x
    WHERE x.livemode = h.livemode AND x.seq > w.applied AND x.seq <= h.seq ORDER BY x.seq LIMIT %(page)b::int
) e ON true
ORDER BY h.livemode DESC, e.seq
"""


class Entry(NamedTuple):
    """What followers of history need of an event."""

    seq: int
    chain: bytes
    kind: str
    performer: str | None
    organization: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """One side since `applied`: its head; whether `applied` is still on its history (false if there is none); what
    happened after it, a page at most; and the chain at the guard's floor."""

    head: Head
    applied: Position | None
    on_history: bool
    entries: Sequence[Entry]
    chain_at_floor: bytes | None

    @property
    def reached(self) -> Position:
        """Up to where the entries lead: the head, unless the page was cut before it."""
        if not self.entries or self.entries[-1].seq == self.head.seq:
            return self.head.position
        last = self.entries[-1]
        return Position(livemode=self.head.livemode, seq=last.seq, chain=last.chain)


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Around one `follow`: the read-only transaction that it begins ends with the block.

    Raises:
        NestedTransactionError: a transaction is open already, whose snapshot may be older.
        DatabaseError: the transaction could not be ended.
    """
    connection.ensure_connection()
    raw = connection.connection
    if raw.info.transaction_status is not TransactionStatus.IDLE:
        raise NestedTransactionError("a snapshot cannot be followed inside another transaction")
    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):  # a connection that was lost has no transaction
            raw.rollback()
        raise
    with connection.wrap_database_errors:
        raw.commit()


def follow(
    applied: Mapping[bool, Position | None],
    floors: Mapping[bool, int | None],
    *,
    page: int,
    besides: Sequence[Statement] = (),
) -> tuple[dict[bool, Since], list[Rows]]:
    """Both sides since their positions in `applied`, and the rows of the statements `besides`, of one snapshot.

    Called inside `one_snapshot`, once; what the caller reads afterwards is of the same snapshot. All of it is one
    way to the database and back. `floors` are numbers of positions.

    Raises:
        NotInitialisedError: a side has no head.
        UnsafeDatabaseError: this server is a standby; an answer never comes from one.
    """
    values = {
        "live_applied": _seq(applied[True]),
        "live_floor": floors[True],
        "test_applied": _seq(applied[False]),
        "test_floor": floors[False],
        "page": page,
    }
    _, rows, *others = prepared_together([(_SNAPSHOT, {}), (_FOLLOW, values), *besides])
    found: dict[bool, Since] = {}
    for side in (True, False):
        own = [row for row in rows if row[0] is side]
        if not own:
            raise NotInitialisedError(f"no head for livemode={side}; run the migrations and initialise")
        seq, chain, l_node_ms, l_wait_ms, database, key_store, read_at, standby, at_applied, at_floor = own[
            0
        ][1:11]
        if standby:
            raise UnsafeDatabaseError("the database is in recovery: answers come from the primary only")
        head = Head(
            livemode=side,
            seq=seq,
            chain=chain,
            l_node_ms=l_node_ms,
            l_wait_ms=l_wait_ms,
            database_id=database,
            key_store_id=key_store,
            read_at=read_at,
        )
        before = applied[side]
        found[side] = Since(
            head=head,
            applied=before,
            on_history=before is not None and before.seq <= seq and at_applied == before.chain,
            entries=[Entry._make(row[11:]) for row in own if row[11] is not None],
            chain_at_floor=chain if floors[side] == seq else at_floor,
        )
    return found, others


def _seq(position: Position | None) -> int | None:
    return None if position is None else position.seq
