"""The one thread of a process that keeps its replica fresh: every 50 ms, and at once for a question that waits.

A turn notes the boot clock *before* it reads; reads both heads, the changes since its last turn and every cell
that is wanted, in one REPEATABLE READ transaction on the primary; and hands all of it to the replica together.
Freshness grows only by turns that reach the head (DESIGN §8).
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from django.db import DatabaseError, close_old_connections, connection, transaction

from consent.check.loading import load_cells
from consent.check.replica import CellName, Change, Freshness, Replica, Turn
from consent.log.errors import LogError, RolledBackError
from consent.log.heads import chain_at, read_head
from consent.log.models import Event
from consent.log.position import Head, Position
from consent.registry.ports import RegistryPorts

POLL_S = 0.05
IDLE_S = 60.0  # nobody asked for so long: the primary is left in peace until somebody does
PAGE = 2000  # changes of one turn; more are read by the next, which follows at once
SIDES = (True, False)
_FAILURES = (DatabaseError, LogError)
_logger = logging.getLogger(__name__)


# What changes no answer, however often it happens; a kind that is not listed here drops what it may touch.
HARMLESS = frozenset(
    {
        "credential.introduced",
        "identity.checked",
        "invitation.redeemed",
        "invitation.revoked",
        "member.added",
        "member.invited",
        "member.removed",
        "offer.changes_requested",
        "offer.declined",
        "offer.sent",
        "offer.viewed",
        "offer.withdrawn",
        "organization.updated",
    }
)


class Feeder:
    """Feeds one replica. It starts with the first question of a process, and anew in a forked child."""

    def __init__(self, replica: Replica, ports: RegistryPorts) -> None:
        self.replica = replica
        self._ports = ports
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())

    def _begin_anew(self) -> None:
        """As in a new process. A forked child has no thread, may have been left locks that nobody will ever open,
        and knows nothing of what happened meanwhile."""
        self._turned = threading.Condition()
        self._wake = threading.Event()
        self._wanted: dict[bool, set[CellName]] = {side: set() for side in SIDES}
        self._begun = self._ended = self._succeeded = 0  # numbers of turns
        self._running = False
        self._asked_at = 0.0
        self._resting = self._stopping = False
        self.replica.begin_anew()

    def start(self) -> None:
        """Somebody asks: run the thread of this process, if it does not run yet or rests."""
        self._asked_at = time.monotonic()
        if self._running:
            if self._resting:
                self._wake.set()
            return
        with self._turned:
            if self._running:
                return
            self._running = True
            threading.Thread(target=self._run, name="feeder", daemon=True).start()

    def stop(self) -> None:
        """End the thread after its turn."""
        self._stopping = True
        self._wake.set()

    def fetch(self, names: Collection[CellName], *, livemode: bool, timeout_s: float) -> bool:
        """Have these cells read by a turn that begins from now on, and wait for it.

        False when that turn failed or took too long: then the primary has to be asked.
        """
        with self._turned:
            self._wanted[livemode].update(names)
            mine = self._begun + 1  # the turn that runs now may have read before this was wanted
            self._wake.set()
            self._turned.wait_for(lambda: self._ended >= mine, timeout_s)
            return self._succeeded >= mine

    def turn(self) -> bool:
        """One turn; True when it reached both heads.

        Raises:
            DatabaseError, LogError: nothing was read, and nothing was changed.
        """
        with self._turned:
            self._begun += 1
            number = self._begun
            wanted = {side: set(names) for side, names in self._wanted.items()}
        turns: list[Turn] = []
        try:
            began = self._ports.log.boot_clock()
            turns = self._snapshot(wanted, began=began)
            self.replica.apply(turns)
        finally:
            with self._turned:
                self._ended = number
                if turns:
                    self._succeeded = number
                    for turn in turns:
                        self._wanted[turn.livemode].difference_update(turn.cells)
                self._turned.notify_all()
        return all(turn.reached for turn in turns)

    def _snapshot(self, wanted: Mapping[bool, Collection[CellName]], *, began: float) -> list[Turn]:
        floors = {side: self._ports.log.guard.floor(side) for side in SIDES}
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            at = self._ports.clock()
            turns = []
            for side in SIDES:
                head = read_head(side)
                self._ports.log.guard.check(head, floors[side])
                turns.append(self._read(head, wanted[side], at=at, began=began))
        return turns

    def _read(self, head: Head, wanted: Collection[CellName], *, at: datetime, began: float) -> Turn:
        side, kept = head.livemode, self.replica.freshness(head.livemode)
        fresh = Freshness(
            position=head.position, read_at=at, began=began, until=began + head.l_node_ms / 1000
        )
        applied = None if kept is None else kept.position
        if kept is None or applied is None or not _on_history(applied, head):
            cells = load_cells(wanted, livemode=side, at=at, ports=self._ports)
            return Turn(livemode=side, restart=True, cells=cells, freshness=fresh)
        changes, last = _changes(head, after=applied.seq)
        if last.seq < head.seq:
            # Cut: what it touches is dropped, nothing is put in, and nothing stays fresh for longer.
            return Turn(livemode=side, changes=changes, freshness=replace(kept, position=last), reached=False)
        names = {*wanted, *self.replica.touched(side, changes)}
        cells = load_cells(names, livemode=side, at=at, ports=self._ports)
        return Turn(livemode=side, changes=changes, cells=cells, freshness=fresh)

    def _run(self) -> None:
        failing = False
        while not self._stopping:
            self._wake.clear()
            reached = True
            try:
                reached = self.turn()
            except RolledBackError:
                self.replica.forget()
                _logger.error("the database lost acknowledged history; nothing is answered from memory")
            except _FAILURES as exc:
                if not failing:
                    _logger.warning("the replica cannot be kept fresh: %s", type(exc).__name__)
                failing = True
                close_old_connections()
            else:
                failing = False
            if not reached:
                continue
            self._resting = time.monotonic() - self._asked_at > IDLE_S
            self._wake.wait(None if self._resting else POLL_S)
            self._resting = False
        connection.close()


def _on_history(applied: Position, head: Head) -> bool:
    """Whether what was applied is still part of the history that ends in `head`."""
    return applied.seq <= head.seq and chain_at(head.livemode, applied.seq) == applied.chain


def _changes(head: Head, *, after: int) -> tuple[list[Change], Position]:
    """The next page of changes, and up to where it leads: the head, unless it is cut."""
    rows = list(
        Event.objects.filter(livemode=head.livemode, seq__gt=after)
        .order_by("seq")
        .values_list("seq", "chain", "kind", "performer_id", "organization_id")[:PAGE]
    )
    changes = [
        Change(performer=performer, organization=organization)
        for _, _, kind, performer, organization in rows
        if kind not in HARMLESS
    ]
    if not rows:
        return [], head.position
    return changes, Position(livemode=head.livemode, seq=rows[-1][0], chain=bytes(rows[-1][1]))
