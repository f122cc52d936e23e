"""What is asked for when somebody scrapes: values of the registry as a whole, and of this machine's folders."""

import logging
import platform
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version

from django.db import DatabaseError, connection

from consent.check.ledger.shipping import unshipped
from consent.log import families, outbox
from consent.log.errors import LogError
from consent.log.families import side_label
from consent.log.start import heads
from consent.registry.operations.forget_nonces import oldest_nonce_s
from consent.registry.queries.erasures import erasure_figures
from consent.registry.queries.ledger import last_shipped, ledger_gaps
from consent.server.backup.latest import last_backup
from consent.server.metrics import Gauge
from consent.server.wiring import DISTRIBUTION, Wiring

_WAITING = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(noted_at)), 0)::float8
FROM log_enforcement WHERE enforced_at IS NULL
"""
# Of each side the log that was begun last: a declared loss begins another.
_PUBLISHED = """
SELECT DISTINCT ON (p.livemode) p.livemode, p.size, p.published_size, p.halted <> '',
       coalesce(extract(epoch FROM clock_timestamp() - e.recorded_at), 0)::float8
FROM log_publication p LEFT JOIN log_event e ON e.livemode = p.livemode AND e.seq = p.published_size
ORDER BY p.livemode, p.begun_at DESC
"""
_STATUS_LISTS = """
SELECT livemode, extract(epoch FROM clock_timestamp() - min(coalesce(issued_at, to_timestamp(0))))::float8
FROM registry_statuslist GROUP BY livemode
"""
_COMMITTED = """
SELECT (SELECT extract(epoch FROM max(committed_at))::float8 FROM registry_ledgercommitment),
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(shipped_at)), 0)::float8
        FROM registry_ledgersegment)
"""
_logger = logging.getLogger(__name__)


def gauges(wiring: Wiring) -> Iterator[Gauge]:
    """The values of this moment; without a database only those that need none."""
    yield families.BUILD, (version(DISTRIBUTION), platform.python_version()), 1
    try:
        yield from _of_the_registry(wiring)
    except (LogError, DatabaseError):
        _logger.warning("figures of the history cannot be read")
    waiting, oldest_s = unshipped(wiring.ledger_folder)
    yield families.LEDGER_WAITING, (), waiting
    yield families.LEDGER_OLDEST, (), oldest_s
    try:
        made_at = last_backup(wiring.registry.log.objects)
        yield families.BACKUP_MADE, (), 0 if made_at is None else made_at.timestamp()
    except LogError:
        _logger.warning("the note of the last backup cannot be read")
    for entry in wiring.ring.index().keys:
        labels = (side_label(entry.livemode), entry.role, entry.kid[:8])
        yield families.KEY_NOT_AFTER, labels, entry.not_after.timestamp()


def _of_the_registry(wiring: Wiring) -> Iterator[Gauge]:
    for livemode, head in zip((True, False), heads(wiring.registry.log), strict=True):
        yield families.LOG_SEQ, (side_label(livemode),), head.seq
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        waiting, oldest_s = cursor.fetchone()
        yield families.ENFORCEMENTS_WAITING, (), waiting
        yield families.ENFORCEMENTS_OLDEST, (), oldest_s
        cursor.execute(_PUBLISHED)
        for livemode, size, published, halted, lag_s in cursor.fetchall():
            side = (side_label(livemode),)
            yield families.LOG_SIZE, side, size
            yield families.LOG_PUBLISHED, side, published
            yield families.LOG_HALTED, side, int(halted)
            yield families.LOG_LAG, side, lag_s
        cursor.execute(_STATUS_LISTS)
        for livemode, age_s in cursor.fetchall():
            yield families.STATUS_AGE, (side_label(livemode),), age_s
        cursor.execute(_COMMITTED)
        committed_at, uncommitted_s = cursor.fetchone()
    if committed_at is not None:
        yield families.LEDGER_COMMITTED, (), committed_at
    yield families.LEDGER_UNCOMMITTED, (), uncommitted_s
    shipped_at = last_shipped(True, False)
    if shipped_at is not None:
        yield families.LEDGER_SHIPPED, (), shipped_at.timestamp()
    erasures = erasure_figures()
    for state in ("begun", "erased", "complete"):
        yield families.ERASURES, (state,), getattr(erasures, state)
    notices, oldest_s = outbox.figures()
    yield families.OUTBOX_WAITING, (), notices
    yield families.OUTBOX_OLDEST, (), oldest_s
    yield families.NONCE_OLDEST, (), oldest_nonce_s()
    now = wiring.registry.clock()
    yield families.LEDGER_GAPS, (), len(ledger_gaps(now=now, since=now - timedelta(days=1)))
