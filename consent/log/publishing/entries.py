"""Reading the committed entries of one side. A seq is the index of its leaf."""

from django.db import connection

from consent.log.errors import HistoryBrokenError

_READ = "SELECT seq, entry FROM log_event WHERE livemode = %s AND seq >= %s AND seq < %s ORDER BY seq"


def read_entries(livemode: bool, *, start: int, end: int) -> list[bytes]:
    """The entries from `start` up to, and not including, `end`, as far as they are committed.

    Raises:
        HistoryBrokenError: one is missing between others.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ, [livemode, start, end])
        rows = cursor.fetchall()
    for expected, (seq, _) in enumerate(rows, start):
        if seq != expected:
            raise HistoryBrokenError(f"seq {expected} is missing: the next event is {seq}")
    return [bytes(entry) for _, entry in rows]
