"""Waiting until a committed denial is known wherever an answer may come from (DESIGN §8 "Enforced").

A node answers from memory for at most `l_node` after its last read of the primary. So whoever saw
the denial committed, and then waited `1.05 × l_wait ≥ 1.05 × l_node` on the boot clock, knows that
no node can allow any more; 1.05 covers clocks whose rates differ by up to 5 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from consent.log.commit_guard import known_commit
from consent.log.errors import EnforcementUnknownError, NestedTransactionError
from consent.log.families import ENFORCED
from consent.log.ports import LogPorts
from consent.log.position import Position

WAIT_FACTOR = 1.05  # DESIGN §8, assumption (a): clock rates within 5 %

_READ = """
SELECT n.enforced_at, h.l_wait_ms, h.database_id, e.livemode, e.seq, e.chain
FROM log_enforcement n
JOIN log_event e ON e.event_id = n.event_id
JOIN log_head h ON h.livemode = n.livemode
WHERE n.event_id = %s
"""
_RECORD = """
UPDATE log_enforcement SET enforced_at = clock_timestamp()
WHERE event_id = ANY(%s) AND enforced_at IS NULL
RETURNING extract(epoch FROM enforced_at - noted_at)::float8
"""
_WAITING = """
SELECT n.event_id, h.l_wait_ms FROM log_enforcement n JOIN log_head h ON h.livemode = n.livemode
WHERE n.enforced_at IS NULL ORDER BY n.noted_at LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Denial:
    """A committed denial as one read saw it."""

    enforced_at: datetime | None
    l_wait_ms: int
    database_id: str
    position: Position


def wait_enforced(event_id: str, *, committed_at_boot: float, ports: LogPorts) -> datetime:
    """Wait out the denial that this worker committed; returns the recorded `enforced_at`.

    `committed_at_boot` is the boot clock once COMMIT had returned (`tx.committed_at_boot`).

    Raises:
        EnforcementUnknownError: no such denial.
        CommitUnknownError: recording it has an unknown outcome (503, retry).
    """
    denial = _read(event_id)
    return denial.enforced_at or _wait_and_record(event_id, denial, since=committed_at_boot, ports=ports)


def await_seen(event_id: str, *, ports: LogPorts) -> datetime:
    """Wait out a denial that somebody committed: for repeated answers, and after a crash.

    Waits from when this call saw the committed row, and makes the denial's position known to the
    rollback guard, since the worker that committed it may have died before it did.

    Raises:
        EnforcementUnknownError, CommitUnknownError, GuardUnavailableError: as above; no answer.
    """
    denial = _read(event_id)
    seen_at_boot = ports.boot_clock()
    ports.guard.acknowledge(denial.position, database_id=denial.database_id)
    return denial.enforced_at or _wait_and_record(event_id, denial, since=seen_at_boot, ports=ports)


def seen_enforced(event_id: str, *, ports: LogPorts) -> datetime | None:
    """Since when a committed denial is enforced, or None; for answers that say so instead of waiting.

    Whoever is answered has seen the denial's position, so the rollback guard learns of it.

    Raises:
        EnforcementUnknownError, GuardUnavailableError: as above; no answer.
    """
    denial = _read(event_id)
    ports.guard.acknowledge(denial.position, database_id=denial.database_id)
    return denial.enforced_at


def sweep(ports: LogPorts, *, limit: int = 1000) -> int:
    """Finish the waits of workers that died; returns how many. Safe to run anywhere, any number of times."""
    _refuse_inside_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [limit])
        rows = cursor.fetchall()
    if not rows:
        return 0
    seen_at_boot = ports.boot_clock()
    _wait(seen_at_boot, max(row[1] for row in rows), ports)
    return _record([row[0] for row in rows], ports)


def _read(event_id: str) -> _Denial:
    """The committed denial, never this transaction's own uncommitted one."""
    _refuse_inside_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_READ, [event_id])
        row = cursor.fetchone()
    if row is None:
        raise EnforcementUnknownError(f"{event_id} is no committed denial")
    enforced_at, l_wait_ms, database_id, livemode, seq, chain = row
    position = Position(livemode=livemode, seq=seq, chain=bytes(chain))
    return _Denial(enforced_at=enforced_at, l_wait_ms=l_wait_ms, database_id=database_id, position=position)


def _wait_and_record(event_id: str, denial: _Denial, *, since: float, ports: LogPorts) -> datetime:
    """Wait, record once, and return what is recorded, whoever recorded it."""
    # Crash before the record: `enforced_at` stays unset, and the sweeper waits from its own sight.
    _wait(since, denial.l_wait_ms, ports)
    _record([event_id], ports)
    recorded = _read(event_id).enforced_at
    if recorded is None:
        raise EnforcementUnknownError(f"{event_id} was not recorded as enforced")
    return recorded


def _wait(since: float, l_wait_ms: int, ports: LogPorts) -> None:
    """Sleep until `1.05 × l_wait` after `since` on the boot clock."""
    until = since + WAIT_FACTOR * l_wait_ms / 1000
    while (left_s := until - ports.boot_clock()) > 0:
        ports.sleep(left_s)


def _record(event_ids: Sequence[str], ports: LogPorts) -> int:
    """Set `enforced_at` where it is unset, by the database's clock."""
    with known_commit() as commit, connection.cursor() as cursor:
        commit.committing()
        cursor.execute(_RECORD, [list(event_ids)])
        took_s = [row[0] for row in cursor.fetchall()]
    for seconds in took_s:
        ports.figures.observe(ENFORCED, (), seconds)
    return len(took_s)


def _refuse_inside_transaction() -> None:
    if connection.in_atomic_block:
        raise NestedTransactionError(
            "waiting for enforcement needs a committed row: not inside a transaction"
        )
