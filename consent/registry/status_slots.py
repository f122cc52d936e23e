"""Places in the status lists: random, never reused, assigned when a grant is signed (DESIGN §9)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from consent.registry.models import StatusSlot
from consent.registry.models.grant import LIST_SIZE

PROBES = 24  # all taken: the list is so full (> 80 % in all likelihood) that a new one begins
_TAKE = """
INSERT INTO registry_statusslot (livemode, status_list, status_index) VALUES (%s, %s, %s)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place: the number of the list and the index in it."""

    status_list: int
    status_index: int


def take_slot(livemode: bool, random: Callable[[int], bytes]) -> Slot:
    """Take a free place for good, in the caller's transaction."""
    newest = StatusSlot.objects.filter(livemode=livemode).aggregate(newest=Max("status_list"))["newest"] or 0
    with connection.cursor() as cursor:
        for status_list in (newest, newest + 1):
            for _ in range(PROBES):
                index = int.from_bytes(random(4), "big") % LIST_SIZE  # 2^32 is a multiple of 2^20
                cursor.execute(_TAKE, [livemode, status_list, index])
                if cursor.rowcount == 1:
                    return Slot(status_list, index)
    raise RuntimeError("no free status index in two lists; the random source repeats itself")


def status_uri(origin: str, *, livemode: bool, status_list: int) -> str:
    """Where the list will be published."""
    return f"{origin}/status/{'live' if livemode else 'test'}/{status_list}"
