"""Reading the head and the chain, in the caller's transaction or snapshot."""

from django.db import connection

from consent.log.errors import NotInitialisedError, UnsafeDatabaseError
from consent.log.position import Head, Position, require_reached

_READ_HEAD = """
SELECT seq, chain, l_node_ms, l_wait_ms, database_id, key_store_id, clock_timestamp(), pg_is_in_recovery()
FROM log_head WHERE livemode = %s
"""


def read_head(livemode: bool) -> Head:
    """The head of one side as the current transaction sees it, on the primary.

    Raises:
        NotInitialisedError: the side has no head.
        UnsafeDatabaseError: this server is a standby; an answer never comes from one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ_HEAD, [livemode])
        row = cursor.fetchone()
    if row is None:
        raise NotInitialisedError(f"no head for livemode={livemode}; run the migrations and initialise")
    if row[7]:
        raise UnsafeDatabaseError("the database is in recovery: answers come from the primary only")
    return Head(
        livemode=livemode,
        seq=row[0],
        chain=bytes(row[1]),
        l_node_ms=row[2],
        l_wait_ms=row[3],
        database_id=row[4],
        key_store_id=row[5],
        read_at=row[6],
    )


def chain_at(livemode: bool, seq: int) -> bytes | None:
    """The chain value stored with the event at `seq`, or None if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT chain FROM log_event WHERE livemode = %s AND seq = %s", [livemode, seq])
        row = cursor.fetchone()
    return None if row is None else bytes(row[0])


def require_on_history(position: Position, head: Head) -> None:
    """Accept `position` only if `head`, read in this same snapshot, has reached it.

    Raises:
        PositionConflictError: ahead of the primary, or off its history (409, never a wait).
    """
    at_position = chain_at(position.livemode, position.seq) if position.seq <= head.seq else None
    require_reached(position, head, chain_at_position=at_position)
