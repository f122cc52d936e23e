"""Removing partial tiles that full ones have replaced, once nobody reads by an older checkpoint any more.

C2SP tlog-tiles § Partial Tiles: they may be deleted once the full tile exists.
"""

from datetime import timedelta
from typing import Any

from django.db import connection

from consent.log.objects import ObjectStore
from consent.log.publishing.state import State
from signing.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile

GRACE = timedelta(hours=1)
MOST_ENTRIES = 64 * TILE_WIDTH  # looked through in one turn: 64 bundles, and as many tiles

# A size that was signed long ago, and that a published checkpoint has reached.
_SAFE = """
SELECT max(size) FROM log_signed_root
WHERE origin = %s AND size <= %s AND size > %s AND signed_at < clock_timestamp() - %s
"""


def tidy(state: State, *, objects: ObjectStore, folder: str, grace: timedelta = GRACE) -> int:
    """Remove partial tiles below what was published `grace` ago; returns how many objects went."""
    asked: list[Any] = [state.origin, state.published_size, state.tidied_size, grace]
    with connection.cursor() as cursor:
        cursor.execute(_SAFE, asked)
        (safe,) = cursor.fetchone()
    if safe is None:
        return 0
    until = min(safe, state.tidied_size + MOST_ENTRIES) // TILE_WIDTH * TILE_WIDTH
    removed = 0
    for level in (ENTRIES, *range(8)):
        height = TILE_HEIGHT * (max(level, 0) + 1)
        for index in range(state.tidied_size >> height, until >> height):
            for key in list(objects.keys(f"{folder}{Tile(level, index).path}.p/")):
                objects.delete(key)
                removed += 1
    if until > state.tidied_size:
        # Crash before this: the same tiles are looked through again.
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE log_publication SET tidied_size = %s WHERE origin = %s AND tidied_size < %s",
                [until, state.origin, until],
            )
    return removed
