"""Is the shipped ledger whole: every boot's segments follow each other, and their records are counted gaplessly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

LATE = timedelta(
    minutes=2
)  # what is missing before a segment that was shipped so long ago does not come any more

_GAPS = """
SELECT here.livemode, here.boot, here.segment, here.first, before.segment, before.first + before.count
FROM registry_ledgersegment AS here
LEFT JOIN LATERAL (
    SELECT segment, first, count, chain FROM registry_ledgersegment AS other
    WHERE other.livemode = here.livemode AND other.boot = here.boot AND other.segment < here.segment
    ORDER BY other.segment DESC LIMIT 1
) AS before ON true
WHERE here.shipped_at >= %s AND here.shipped_at < %s AND (
    here.segment <> coalesce(before.segment + 1, 0)
    OR here.first <> coalesce(before.first + before.count, 0)
    OR here.previous <> coalesce(before.chain, repeat('0', 64))
)
ORDER BY here.livemode, here.boot, here.segment
LIMIT 1000
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
