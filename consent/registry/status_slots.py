"""Places in the status lists: random, never reused, assigned when a grant is signed (DESIGN §9)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from consent.log.errors import NotInitialisedError
from consent.registry.models.grant import LIST_SIZE

PROBES = 24  # all taken: the list is so full (> 80 % in all likelihood) that a new one begins
# Lists that were begun after the backup, and lost with it, had the next numbers: a new history keeps well off them.
NEW_HISTORY_STEP = 1000
_TAKE = """
INSERT INTO registry_statusslot (livemode, status_list, status_index) VALUES (%s, %s, %s)
ON CONFLICT DO NOTHING
"""
_NEWEST = """
SELECT h.database_id, l.number, l.database_id
FROM log_head h LEFT JOIN LATERAL (
    SELECT number, database_id FROM registry_statuslist WHERE livemode = h.livemode ORDER BY number DESC LIMIT 1
) l ON true WHERE h.livemode = %s
"""
_BEGIN = """
INSERT INTO registry_statuslist (livemode, number, database_id)
SELECT livemode, %s, database_id FROM log_head WHERE livemode = %s ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place: the number of the list and the index in it."""

    status_list: int
    status_index: int


def take_slot(livemode: bool, random: Callable[[int], bytes]) -> Slot:
    """Take a free place for good, in the caller's transaction."""
    newest = newest_list(livemode)
    with connection.cursor() as cursor:
        for status_list in (newest, newest + 1):
            if status_list > newest:
                cursor.execute(_BEGIN, [status_list, livemode])
            for _ in range(PROBES):
                index = int.from_bytes(random(4), "big") % LIST_SIZE  # 2^32 is a multiple of 2^20
                cursor.execute(_TAKE, [livemode, status_list, index])
                if cursor.rowcount == 1:
                    return Slot(status_list, index)
    raise RuntimeError("no free status index in two lists; the random source repeats itself")


def newest_list(livemode: bool) -> int:
    """The list that new grants get their places in; begun here if this history has none yet.

    Raises:
        NotInitialisedError: the side has no history.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [livemode])
        row = cursor.fetchone()
        if row is None:
            raise NotInitialisedError(f"no head for livemode={livemode}; run the migrations and initialise")
        database_id, number, begun_under = row
        if begun_under == database_id:
            return int(number)
        # Of a lost history nobody knows which places were given out: none of its lists is used again.
        first = 0 if number is None else number + NEW_HISTORY_STEP
        cursor.execute(_BEGIN, [first, livemode])
        return int(first)


def status_uri(origin: str, *, livemode: bool, status_list: int) -> str:
    """Where the list will be published."""
    return f"{origin}/status/{'live' if livemode else 'test'}/{status_list}"
