"""The one thread of a process that keeps its replica fresh: every 50 ms, and at once for a question that waits.

A turn notes the boot clock *before* it reads; reads both heads, the changes since its last turn and every cell
that is wanted, in one REPEATABLE READ transaction on the primary; and hands all of it to the replica together.
Freshness grows only by turns that reach the head (DESIGN §8).
"""

import gc
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.db import DatabaseError, connection

from consent.check.ahead import Ahead
from consent.check.cells import SubjectName
from consent.check.follower import Follower
from consent.check.hot_names import HotNames
from consent.check.loading import load_cells, statements_for
from consent.check.replica import CellName, Change, Freshness, Replica, Turn
from consent.check.wanted import Wanted
from consent.log.errors import LogError, RolledBackError
from consent.log.following import Since, follow, one_snapshot
from consent.log.guard import Floor
from consent.log.position import Head
from consent.log.prepared import Rows, keep_general_plans
from consent.registry.lean_facts import names_of_pairs, names_since
from consent.registry.ports import RegistryPorts

POLL_S = 0.05
GATHER_S = 0.002  # how soon after a turn the next begins for a question that waits: others may come along
IDLE_S = 60.0  # nobody asked for so long: the primary is left in peace until somebody does
PAGE = 2000  # changes of one turn; more are read by the next, which follows at once
MAX_WANTED = 1000  # missed facts of one side that a turn reads, far within the time that memory stays fresh
AT_ONCE = (
    50  # changed facts that somebody asked for lately, read anew in the same snapshot: nobody misses them
)
REREAD = 500  # so many more the next turn reads; what they touch beyond that is read ahead, or waits
SIDES = (True, False)
SHARE = 3.0  # while questions come, reading ahead rests for so many times as long as a page took
BUSY_S = 1.0  # questions come if the last was no longer ago
SETTLED = 20_000  # facts that come in before the collector is told that they stay
_FAILURES = (DatabaseError, LogError)
_logger = logging.getLogger(__name__)


# What changes no answer, however often it happens; a kind that is not listed here drops what it may touch.
HARMLESS = frozenset(
    {
        "credential.introduced",
        "identity.checked",
        "invitation.redeemed",
        "invitation.revoked",
        "ledger.committed",
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

    def __init__(
        self,
        replica: Replica,
        ports: RegistryPorts,
        followers: Sequence[Follower] = (),
        *,
        clock: Callable[[Head], datetime] | None = None,
        hot: HotNames | None = None,
    ) -> None:
        """`clock` tells the primary's time of a snapshot from a head that was read in it; else `ports` tell it.
        `hot` keeps over a restart what is worth to be read before anybody asks."""
        self._clock = clock or (lambda _: ports.clock())
        self.replica = replica
        self._ports = ports
        self._followers = tuple(followers)
        self._ahead = Ahead(replica, hot)
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())

    def _begin_anew(self) -> None:
        """As in a new process. A forked child has no thread, may have been left locks that nobody will ever open,
        and knows nothing of what happened meanwhile."""
        self._turned = threading.Condition()
        self._wake = threading.Event()
        self._wanted = {side: Wanted() for side in SIDES}
        self._begun = self._ended = self._succeeded = 0  # numbers of turns
        self._running = False
        self._asked_at = self._walk_at = 0.0
        self._unsettled = 0
        self._resting = self._stopping = False
        self.replica.begin_anew()
        self._ahead.begin_anew()
        for follower in self._followers:
            follower.begin_anew()

    @property
    def resting(self) -> bool:
        """Whether nobody asked for so long that nothing is read, and facts grow old in peace."""
        return self._resting or not self._running

    @property
    def reading_ahead(self) -> bool:
        """Whether there is something left to read that nobody waits for."""
        return bool(self._ahead)

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
        """Have these cells read by turns that begin from now on, and wait for them: one, unless there are very many.

        False when a turn failed, it took too long, or too many wait already: then the primary has to be asked.
        """
        with self._turned:
            wanted = self._wanted[livemode]
            if not wanted.add(names):
                return False
            mine = self._begun + 1  # the turn that runs now may have read before this was wanted
            self._wake.set()
            self._turned.wait_for(
                lambda: self._ended >= mine and (self._succeeded < self._ended or wanted.isdisjoint(names)),
                timeout_s,
            )
            return self._succeeded >= mine and wanted.isdisjoint(names)

    def turn(self) -> bool:
        """One turn; True when it reached both heads.

        Raises:
            DatabaseError, LogError: nothing was read, and nothing was changed.
        """
        with self._turned:
            self._begun += 1
            number = self._begun
            wanted = {side: names.next(MAX_WANTED) for side, names in self._wanted.items()}
        came = time.monotonic()
        walk, idle = came >= self._walk_at, came - self._asked_at >= BUSY_S
        ahead: dict[bool, list[SubjectName]] = {}
        for side, names in wanted.items():
            self._ahead.missed(names)
            ahead[side] = self._ahead.next(side, besides=names, walk=walk, idle=idle)
            names.extend(ahead[side])
        try:
            keep_general_plans()
            began = self._ports.log.boot_clock()
            guard = self._ports.log.guard
            floors = {side: guard.floor(side) for side in SIDES}
            with one_snapshot():
                turns, follow_on = self._snapshot(wanted, ahead, floors, began=began)
                self.replica.apply(turns)
                # Whoever waits need not wait for what follows, nor for the end of a transaction that wrote nothing.
                self._end(number, turns)
                follow_on()
        except _FAILURES:
            self._ahead.failed()
            raise
        finally:
            self._end(number, ())
        for turn in turns:
            if not turn.reached:
                self._ahead.give_back(ahead[turn.livemode])  # a page that was cut put nothing in
        self._settle(turns)
        if walk and any(ahead.values()):
            ended = time.monotonic()
            busy = ended - self._asked_at < BUSY_S
            self._walk_at = ended + (SHARE * (ended - came) if busy else 0.0)
        return all(turn.reached for turn in turns)

    def _settle(self, turns: Sequence[Turn]) -> None:
        """Keep facts that came in out of the collector's sight, now and then: they are no garbage while they are here,
        hold no circles, and looking through a million of them stops every answer for a second."""
        self._unsettled += sum(len(turn.cells) for turn in turns)
        if self._unsettled >= SETTLED:
            self._unsettled = 0
            gc.collect(1)
            gc.freeze()

    def _end(self, number: int, turns: Sequence[Turn]) -> None:
        """Tell those who wait that the turn with this number has ended, and what it read."""
        with self._turned:
            self._ended = number
            if turns:
                self._succeeded = number
                for turn in turns:
                    self._wanted[turn.livemode].remove(turn.cells)
                    self._wanted[turn.livemode].add(turn.again)
            self._turned.notify_all()

    def _snapshot(
        self,
        wanted: Mapping[bool, Sequence[CellName]],
        ahead: Mapping[bool, Sequence[CellName]],
        floors: Mapping[bool, Floor | None],
        *,
        began: float,
    ) -> tuple[list[Turn], Callable[[], None]]:
        """What both sides' facts become, read in one way to the database; and what has the followers read on."""
        kept = {side: self.replica.freshness(side) for side in SIDES}
        asked = {side: statements_for(wanted[side], livemode=side) for side in SIDES}
        applied = {side: None if fresh is None else fresh.position for side, fresh in kept.items()}
        seqs = {side: None if position is None else position.seq for side, position in applied.items()}
        more = self._ahead.statement()
        both, (named, *answers) = follow(
            applied,
            {side: None if floor is None else floor.position.seq for side, floor in floors.items()},
            page=PAGE,
            besides=[
                names_since(seqs, page=PAGE),
                *(each for side in SIDES for each in asked[side]),
                *([more] if more else ()),
            ],
        )
        names = names_of_pairs(named)
        turns = []
        instants = []
        for side, since in both.items():
            at, at_floor = self._clock(since.head), since.chain_at_floor
            self._ports.log.guard.check(since.head, floors[side], chain_at=lambda *_, found=at_floor: found)
            own = [answers.pop(0) for _ in asked[side]]
            changes = _changes(since, names[side])
            turn = self._read(since, changes, wanted[side], own, at=at, began=began)
            turn.ahead = frozenset(ahead[side])
            turns.append(turn)
            instants.append(at)
        if more:
            self._ahead.found(answers.pop(0))
        return turns, lambda: self._follow_on(list(both.values()), turns, instants)

    def _follow_on(self, both: Sequence[Since], turns: Sequence[Turn], instants: Sequence[datetime]) -> None:
        """Have the followers read in the same snapshot, and then all take over."""
        followed = []
        for since, turn, at in zip(both, turns, instants, strict=True):
            after = None if turn.restart else since.applied
            for follower in self._followers:
                followed.append(
                    follower.read(
                        since.head, after=after, at=at, freshness=turn.freshness, reached=turn.reached
                    )
                )
        for take_over in followed:
            take_over()

    def _read(
        self,
        since: Since,
        changes: Sequence[Change],
        wanted: Sequence[CellName],
        answers: Sequence[Rows],
        *,
        at: datetime,
        began: float,
    ) -> Turn:
        head, side = since.head, since.head.livemode
        kept = self.replica.freshness(side)
        fresh = Freshness(
            position=head.position, read_at=at, began=began, until=began + head.l_node_ms / 1000
        )
        load = partial(load_cells, livemode=side, at=at, ports=self._ports)
        if kept is None or not since.on_history:
            cells = load(wanted, answers=answers)
            self._ahead.remember()
            return Turn(livemode=side, restart=True, cells=cells, freshness=fresh)
        if since.reached.seq < head.seq:
            # Cut: what it touches is dropped, nothing is put in, and nothing stays fresh for longer.
            cut = replace(kept, position=since.reached)
            return Turn(livemode=side, changes=changes, freshness=cut, reached=False)
        cells = load(wanted, answers=answers)
        hot, cold = self.replica.touched(side, changes) if changes else ((), ())
        again = [name for name in hot if name not in cells]
        at_once = [name for name in again if isinstance(name, SubjectName)][:AT_ONCE]
        if at_once:
            with suppress(
                LogError
            ):  # what cannot be opened now is dropped like the rest: whoever asks misses it
                cells.update(load(at_once))
            again = [name for name in again if name not in at_once]
        self._ahead.changed([name for name in cold if name not in cells])
        return Turn(
            livemode=side,
            changes=changes,
            cells=cells,
            freshness=fresh,
            again=again[:REREAD],
        )

    def _forget(self) -> None:
        """Know nothing, and follow from the next turn on."""
        self._ahead.remember()
        self.replica.forget()
        for follower in self._followers:
            follower.begin_anew()

    def _run(self) -> None:
        failing = False
        while not self._stopping:
            self._wake.clear()
            reached = True
            try:
                reached = self.turn()
            except RolledBackError:
                self._forget()
                _logger.error("the database lost acknowledged history; nothing is answered from memory")
            except _FAILURES as exc:
                if not failing:
                    _logger.warning("the replica cannot be kept fresh: %s", type(exc).__name__)
                failing = True
                connection.close()
            except Exception:  # a feeder that ended would leave this process at the primary for ever
                self._forget()
                # Whatever it was that could not be read, whoever asks for it is told so by the primary.
                with self._turned:
                    for names in self._wanted.values():
                        names.clear()
                self._ahead.clear()
                _logger.exception("a turn failed as none should; memory begins anew")
                connection.close()
            else:
                failing = False
                self._ahead.keep(self._ports.log.boot_clock())
                if any(self._wanted.values()):
                    self._wake.set()
            if not reached:
                continue
            self._rest(failing)
        connection.close()

    def _rest(self, failing: bool) -> None:
        """Until the next turn is due: for a question that waits, for what is read ahead, or for whatever changed."""
        ended = time.monotonic()
        pause: float | None = POLL_S
        if self._ahead and not failing:
            pause = min(POLL_S, max(0.0, self._walk_at - ended)) if self._ahead.walking else 0.0
        elif ended - self._asked_at > IDLE_S:
            self._resting, pause = True, None
        if self._wake.wait(pause):
            time.sleep(max(0.0, ended + GATHER_S - time.monotonic()))
        self._resting = False


def _changes(since: Since, names: Mapping[tuple[str, str], Sequence[str]]) -> list[Change]:
    """What may have changed an answer, with the names that each pair has now."""
    return [
        Change(
            kind=each.kind,
            performer=each.performer,
            organization=each.organization,
            names=names.get((each.performer or "", each.organization or ""), ()),
        )
        for each in since.entries
        if each.kind not in HARMLESS
    ]
