"""What each place of a list says, read from the grants at one position of the history."""

import struct

from django.db import connection

from consent.registry.facts import Snapshot
from consent.registry.status_lists.decoys import LIST_BYTES, decoys
from signing.status_list import INVALID, OUR_BITS, SUSPENDED, VALID, StatusList

# A place that was given out says VALID only for a grant that a check would find active: its row is there, stands and
# is of this instant, and nothing says beside it that it ended. A place without its grant (erased) is INVALID for ever.
_STATUSES = """
SELECT string_agg(place, ''::bytea) FILTER (WHERE status = %(valid)s),
       string_agg(place, ''::bytea) FILTER (WHERE status = %(suspended)s),
       string_agg(place, ''::bytea) FILTER (WHERE status = %(invalid)s)
FROM (
    SELECT int4send(s.status_index) AS place, CASE
        WHEN g.id IS NULL OR g.state NOT IN ('active', 'suspended') OR g.ended_at IS NOT NULL
          OR g.valid_from > %(at)s OR g.valid_until <= %(at)s
          OR EXISTS (SELECT FROM registry_grantending e WHERE e.grant_id = g.id) THEN %(invalid)s
        WHEN g.state = 'suspended'
          OR EXISTS (SELECT FROM registry_granthold o WHERE o.grant_id = g.id AND o.lifted_at IS NULL)
          THEN %(suspended)s
        ELSE %(valid)s END AS status
    FROM registry_statusslot s LEFT JOIN registry_grant g
      ON g.livemode = s.livemode AND g.status_list = s.status_list AND g.status_index = s.status_index
    WHERE s.livemode = %(livemode)s AND s.status_list = %(number)s
    OFFSET 0  -- judged once a place, not once a status
) AS places
"""
_BEGUN_UNDER = "SELECT database_id FROM registry_statuslist WHERE livemode = %s AND number = %s"
_ALL_INVALID = sum(INVALID << shift for shift in range(0, 8, OUR_BITS))


def read_statuses(seen: Snapshot, *, number: int, decoy_key: bytes) -> StatusList:
    """The list `number` of the snapshot's side, at its position and instant."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGUN_UNDER, [seen.livemode, number])
        row = cursor.fetchone()
        if row is not None and row[0] == seen.head.database_id:
            array = decoys(decoy_key, livemode=seen.livemode, number=number, at=seen.at)
        else:
            # Of a history that was declared lost, any place may be that of a grant which nobody knows any more.
            array = bytearray([_ALL_INVALID]) * LIST_BYTES
        cursor.execute("SET LOCAL jit = off")  # compiling took longer than reading a hundred thousand places
        told = {"valid": VALID, "suspended": SUSPENDED, "invalid": INVALID}
        cursor.execute(_STATUSES, {"at": seen.at, "livemode": seen.livemode, "number": number, **told})
        for status, places in zip(told.values(), cursor.fetchone() or (), strict=True):
            _write(array, status, bytes(places or b""))
    return StatusList(OUR_BITS, bytes(array))


def _write(array: bytearray, status: int, packed: bytes) -> None:
    """Let every place of `packed` (indexes of four bytes, big-endian) say `status`."""
    mask = (1 << OUR_BITS) - 1
    for (index,) in struct.iter_unpack(">i", packed):
        at, shift = divmod(index * OUR_BITS, 8)
        array[at] = array[at] & ~(mask << shift) | status << shift
