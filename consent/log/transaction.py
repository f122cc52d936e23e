"""The one form in which anything that can change an answer is written (DESIGN §7).

READ COMMITTED, durable, the caller's row locks first, `SET CONSTRAINTS ALL IMMEDIATE`, and then the
append as the only last statement. Django's foreign keys are deferred: checked at COMMIT they would
lock rows *after* the head and deadlock with a transaction that holds the row and waits for the head.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from consent.log import append_sql
from consent.log.commit_guard import known_commit
from consent.log.errors import NestedTransactionError, NothingAppendedError
from consent.log.events import NewEvent, SealedEvent, seal_event
from consent.log.heads import read_head
from consent.log.models import Enforcement
from consent.log.ports import LogPorts
from consent.log.position import Head, Position

# The time-outs bound how long a stopped process can keep everybody from the head; the server ends it.
_BEGIN = """
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '15s';
"""


class HistoryTransaction:
    """One transaction of one side; `append` while it runs, read the results after it."""

    def __init__(self, *, head: Head, ports: LogPorts) -> None:
        self.livemode = head.livemode
        self.at = head.read_at
        self._database_id = head.database_id
        self._ports = ports
        self._sealed: list[SealedEvent] = []
        self._appended: list[tuple[Position, datetime]] = []
        self._committed_at_boot: float | None = None
        self._nothing_changed = False

    def append(self, new: NewEvent) -> str:
        """Seal `new` for this transaction's last statement; returns its event id.

        Its salt, key and seal are made here, before the head is locked.
        """
        sealed = seal_event(new, livemode=self.livemode, at=self.at, ports=self._ports)
        if new.denies:
            Enforcement.objects.create(event_id=sealed.event_id, livemode=self.livemode)
        self._sealed.append(sealed)
        return sealed.event_id

    def nothing_changed(self) -> None:
        """Say that this transaction found nothing to do: it ends without an event, and is rolled back."""
        self._nothing_changed = True

    @property
    def position(self) -> Position:
        """The position of the last event; only after COMMIT."""
        return self._results()[-1][0]

    @property
    def positions(self) -> dict[str, Position]:
        """The position of each event id; only after COMMIT."""
        return {
            sealed.event_id: position
            for sealed, (position, _) in zip(self._sealed, self._results(), strict=True)
        }

    @property
    def recorded_at(self) -> datetime:
        """The primary's clock when the last event was recorded; only after COMMIT."""
        return self._results()[-1][1]

    @property
    def committed_at_boot(self) -> float:
        """The boot clock, in seconds, once COMMIT had returned."""
        if self._committed_at_boot is None:
            raise NothingAppendedError("this transaction has not committed an event")
        return self._committed_at_boot

    def _results(self) -> list[tuple[Position, datetime]]:
        if self._committed_at_boot is None:
            raise NothingAppendedError("this transaction has not committed an event")
        return self._appended

    def _finish(self) -> None:
        """The last statements; COMMIT follows at once."""
        if self._nothing_changed and not self._sealed:
            transaction.set_rollback(True)
            return
        # A swallowed database error would make Django roll back without a word.
        if not self._sealed or connection.needs_rollback:
            raise NothingAppendedError(
                "a history transaction ended without an event, or after a failed statement"
            )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self._appended = append_sql.append(self.livemode, self._sealed)

    def _acknowledge(self) -> None:
        """Make the new position known to the rollback guard before anybody is told of it."""
        if self._appended:
            self._committed_at_boot = self._ports.boot_clock()
            self._ports.guard.acknowledge(self._appended[-1][0], database_id=self._database_id)


@contextmanager
def history_transaction(livemode: bool, ports: LogPorts) -> Iterator[HistoryTransaction]:
    """Run the body and append its events, all or nothing, to one side's history.

    The body takes its row locks in the registry's one fixed order and never locks the head itself.
    `tx.at` is the primary's clock at the beginning.

    Raises:
        NestedTransactionError: a transaction is open already.
        NothingAppendedError: the body neither appended nor said `nothing_changed()`; rolled back.
        RolledBackError: the database is below what was acknowledged.
        CommitUnknownError: COMMIT was answered with a warning or not at all (503, retry).
        GuardUnavailableError: committed, but it may not be acknowledged (503, retry).
    """
    if connection.in_atomic_block:
        raise NestedTransactionError("a history transaction cannot run inside another transaction")
    floor = ports.guard.floor(livemode)
    with known_commit() as commit, transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN)
        head = read_head(livemode)
        ports.guard.check(head, floor)
        tx = HistoryTransaction(head=head, ports=ports)
        yield tx
        tx._finish()
        commit.committing()
    tx._acknowledge()
