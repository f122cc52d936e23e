"""Recomputing a stored history: gapless from the genesis, each chain the fold of the one before."""

import hashlib

from django.db import connection

from consent.log.errors import HistoryBrokenError
from consent.log.heads import read_head
from consent.log.position import Position

_PAGE = 10_000
_ENTRY_VERSION = b"\x01"  # DESIGN §9
_READ_PAGE = """
SELECT seq, entry, chain FROM log_event WHERE livemode = %s AND seq >= %s ORDER BY seq LIMIT %s
"""


def verify_history(livemode: bool) -> Position:
    """Fold all entries of one side again, up to the head as it is now; returns the head's position.

    The commitments in the entries are compared by `events.open_event`, for whoever holds the keys.

    Raises:
        HistoryBrokenError: names the first seq that is missing, or whose chain is another.
    """
    last = _last(livemode)  # before the head, which can only be further on
    head = read_head(livemode)
    if last > head.seq:
        raise HistoryBrokenError(f"there is an event at seq {last}, but the head stands at {head.seq}")
    position = Position(livemode=livemode, seq=-1, chain=bytes(32))
    while position.seq < head.seq:
        rows = _page(livemode, position.seq + 1)
        if not rows:
            raise HistoryBrokenError(f"seq {position.seq + 1} is missing: the head stands at {head.seq}")
        for seq, entry, chain in rows:
            if seq != position.seq + 1:
                raise HistoryBrokenError(f"seq {position.seq + 1} is missing: the next event is {seq}")
            if bytes(entry[:1]) != _ENTRY_VERSION:
                raise HistoryBrokenError(f"the entry at seq {seq} has an unknown version")
            folded = hashlib.sha256(position.chain + bytes(entry)).digest()
            if folded != bytes(chain):
                raise HistoryBrokenError(f"the chain at seq {seq} is not the fold of the entries")
            position = Position(livemode=livemode, seq=seq, chain=folded)
            if seq == head.seq:
                break
    if position.chain != head.chain:
        raise HistoryBrokenError(f"the head at seq {head.seq} has another chain than its event")
    return position


def _page(livemode: bool, start: int) -> list[tuple[int, memoryview, memoryview]]:
    with connection.cursor() as cursor:
        cursor.execute(_READ_PAGE, [livemode, start, _PAGE])
        rows: list[tuple[int, memoryview, memoryview]] = cursor.fetchall()
    return rows


def _last(livemode: bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(seq), -1) FROM log_event WHERE livemode = %s", [livemode])
        last: int = cursor.fetchone()[0]
    return last
