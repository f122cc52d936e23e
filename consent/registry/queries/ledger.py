"""Is the shipped ledger whole: every boot's segments follow each other, and their records are counted gaplessly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

LATE = timedelta(
    minutes=2
)  # what is missing before a segment that was shipped so long ago does not come any more

_GAPS = """
WITH pieces AS NOT MATERIALIZED (
    SELECT livemode, boot, first_segment, last_segment, first, count, previous, chain, began_at
    FROM registry_ledgerrun
    UNION ALL
    SELECT livemode, boot, segment, segment, first, count, previous, chain, shipped_at FROM registry_ledgersegment
)
SELECT here.livemode, here.boot, here.first_segment, here.first, before.last_segment, before.first + before.count
FROM pieces AS here
LEFT JOIN LATERAL (
    SELECT other.last_segment, other.first, other.count, other.chain FROM pieces AS other
    WHERE other.livemode = here.livemode AND other.boot = here.boot AND other.first_segment < here.first_segment
    ORDER BY other.first_segment DESC LIMIT 1
) AS before ON true
WHERE here.began_at >= %s AND here.began_at < %s AND (
    here.first_segment <> coalesce(before.last_segment + 1, 0)
    OR here.first <> coalesce(before.first + before.count, 0)
    OR here.previous <> coalesce(before.chain, repeat('0', 64))
)
ORDER BY here.livemode, here.boot, here.first_segment
LIMIT 1000
"""
_LAST_SHIPPED = """
SELECT greatest((SELECT max(shipped_at) FROM registry_ledgersegment WHERE livemode = ANY(%(sides)s)),
                (SELECT max(shipped_at) FROM registry_ledgerrun WHERE livemode = ANY(%(sides)s)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerGap:
    """Before this segment of a boot something is missing, or is not what it builds on."""

    livemode: bool
    boot: str
    segment: int
    missing_segments: int
    missing_records: int


def ledger_gaps(*, now: datetime, since: datetime) -> Sequence[LedgerGap]:
    """The gaps before what was shipped from `since` on. A boot's lost end is none: only holders of its answers
    can tell."""
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, [since, now - LATE])
        rows = cursor.fetchall()
    return [
        LedgerGap(
            livemode=livemode,
            boot=boot,
            segment=segment,
            missing_segments=segment - (0 if before is None else before + 1),
            missing_records=first - (before_end or 0),
        )
        for livemode, boot, segment, first, before, before_end in rows
    ]


def last_shipped(*sides: bool) -> datetime | None:
    """When a segment of one of these sides was last shipped."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_SHIPPED, {"sides": list(sides)})
        at: datetime | None = cursor.fetchone()[0]
    return at
