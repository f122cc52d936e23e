"""Forgetting the nonces of counted questions: each is kept for a day at least, so that a repeat counts nothing."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

KEPT: Final = timedelta(hours=25)  # a day, and an hour by which the clocks of two nodes may differ at worst
MOST: Final = 10_000  # rows of one turn: some 30 ms, so that who counts meanwhile is kept waiting by nothing

# By the primary key, since rows are numbered as they come: an index on `used_at` would be one more write of each
# counted question. A row that a wrong clock dated into the future keeps its place among the oldest until then.
# Materialized: a subquery may be run again for each row, and then skips what this very statement has locked.
_FORGET = """
WITH oldest AS MATERIALIZED (
    SELECT id FROM registry_counteruse ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
DELETE FROM registry_counteruse u USING oldest WHERE u.id = oldest.id AND u.used_at < %(before)s
"""
_OLDEST_S = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - (
    SELECT used_at FROM registry_counteruse ORDER BY id LIMIT 1
)), 0)::float8
"""


def forget_nonces(now: datetime, *, most: int = MOST) -> int:
    """Remove the oldest nonces that were used longer ago than `KEPT`, at most so many; how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"before": now - KEPT, "most": most})
        return int(cursor.rowcount)


def oldest_nonce_s() -> float:
    """The age of the oldest nonce that is kept, in seconds; 0 where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_S)
        return float(cursor.fetchone()[0])
