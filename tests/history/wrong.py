"""Each way to get the promise wrong (DESIGN §8), built into a node for a test. Nothing here is in the product.

The delays make visible what would otherwise need luck: they widen the moment in which the variant is wrong.
"""

import os
import random
import time
from dataclasses import fields, replace
from typing import Any

LATE_S = 0.45  # longer than a denial waits
LAPSING_POLL_S = 0.7  # memory is fresh for less than half of the time
SLOW_POLL_S = 0.28  # nearly as long as memory may be answered from


def bend(name: str) -> None:
    """Build one variant into this process."""
    _BENDS[name]()


def _no_wait() -> None:
    """A denial is answered as soon as it is committed."""
    from consent.check import feeder
    from consent.log import enforcement

    feeder.POLL_S = SLOW_POLL_S
    enforcement._wait = lambda *_, **__: None  # type: ignore[assignment]


def _hasty(event_id: str, *, ports: Any) -> Any:
    """Tell of a denial as soon as its row is seen."""
    from consent.log import enforcement

    if enforcement._read(event_id).enforced_at is None:
        enforcement._record([event_id], ports)
    return enforcement._read(event_id).enforced_at


def _retry_replays() -> None:
    """The same statement again is answered at once, from the stored row."""
    from consent.check import feeder
    from consent.registry import answers

    feeder.POLL_S = SLOW_POLL_S
    real = answers.enforced

    def enforced(written: Any, ports: Any) -> Any:
        repeated = written.denies and written.committed_at_boot is None
        return _hasty(written.event_id, ports=ports.log) if repeated else real(written, ports)

    answers.enforced = enforced


def _already_revoked_at_once() -> None:
    """Whoever ends what another statement has just ended is told so at once."""
    from consent.check import feeder
    from consent.registry import answers

    feeder.POLL_S = SLOW_POLL_S
    real_seen, real = answers.seen, answers.enforced

    class ByAnother(answers.Written):
        """What `told_when_enforced` reads, to be told from what a repeated statement reads."""

    def seen(event_id: str, *, ports: Any) -> Any:
        found = real_seen(event_id, ports=ports)
        return ByAnother(**{each.name: getattr(found, each.name) for each in fields(found)})

    def enforced(written: Any, ports: Any) -> Any:
        return (
            _hasty(written.event_id, ports=ports.log)
            if isinstance(written, ByAnother)
            else real(written, ports)
        )

    answers.seen, answers.enforced = seen, enforced


def _miss_inserts() -> None:
    """A miss reads for itself and puts what it read into memory, whatever happened since."""
    from consent.check.feeder import Feeder
    from consent.check.loading import load_cells
    from consent.registry.facts import snapshot

    def fetch(self: Any, names: Any, *, livemode: bool, timeout_s: float) -> bool:
        with snapshot(livemode, self._ports) as snap:
            cells = load_cells(names, livemode=livemode, at=snap.at, ports=self._ports)
        time.sleep(LATE_S)
        with self.replica._lock:
            for name, cell in cells.items():
                self.replica._put(name, cell)
        return self.replica.freshness(livemode) is not None

    Feeder.fetch = fetch  # type: ignore[method-assign]


def _fresh_after_cut() -> None:
    """A page that was cut makes the node fresh, though it did not reach the head."""
    from consent.check import feeder

    real = feeder.Feeder._read

    def read(self: Any, since: Any, changes: Any, wanted: Any, answers: Any, *, at: Any, began: float) -> Any:
        turn, head = real(self, since, changes, wanted, answers, at=at, began=began), since.head
        kept = self.replica.freshness(head.livemode)
        if turn.restart or kept is None or kept.position.seq >= head.seq:
            return turn
        if (
            int(began) % 2
        ):  # every other second pages go through; in between they are cut before the first change
            return turn
        cells = {name: cell for name, cell in turn.cells.items() if name in wanted}
        until = began + head.l_node_ms / 1000
        return replace(
            turn, changes=(), again=(), cells=cells, freshness=replace(kept, until=until), reached=True
        )

    feeder.Feeder._read = read  # type: ignore[method-assign]


def _clock_after_read() -> None:
    """The clock is noted after the read, however long that took."""
    from consent.check.feeder import Feeder

    _without_hints()
    real = Feeder._snapshot

    def read(self: Any, *given: Any, began: float) -> Any:
        turns, followed = real(self, *given, began=began)
        time.sleep(LATE_S)
        late = self._ports.log.boot_clock()
        return [
            replace(turn, freshness=replace(turn.freshness, until=turn.freshness.until + late - began))
            for turn in turns
        ], followed

    Feeder._snapshot = read  # type: ignore[method-assign]


def _read_apart() -> None:
    """Facts are taken first, and whether they are fresh is asked later."""
    from consent.check import feeder
    from consent.check.replica import Replica

    _without_hints()
    feeder.POLL_S = LAPSING_POLL_S
    real, chosen = Replica.read, random.Random(1)

    def read(self: Any, names: Any, *, livemode: bool) -> Any:
        reading = real(self, names, livemode=livemode)
        time.sleep(LATE_S if chosen.random() < 0.3 else 0.0)
        return replace(reading, freshness=self.freshness(livemode))

    Replica.read = read  # type: ignore[method-assign]


def _standby() -> None:
    """A node whose memory is stale asks a standby, which follows late (`Place.delay_standby`)."""
    from django.db import connections

    from consent.check import feeder
    from consent.check.primary import PrimaryChecks
    from consent.log import heads
    from consent.log.guard import RollbackGuard
    from consent.server.settings.database import parse_database_url

    _without_hints()
    feeder.POLL_S = LAPSING_POLL_S
    heads._READ_HEAD = heads._READ_HEAD.replace("pg_is_in_recovery()", "false")
    RollbackGuard.check = lambda *_, **__: None  # type: ignore[method-assign]
    server = parse_database_url(os.environ["HISTORY_STANDBY_URL"]).django()
    connections.databases["default"] = {**connections.databases["default"]}
    connections.databases["standby"] = {**connections.databases["default"], **server}

    def elsewhere(real: Any) -> Any:
        def ask(*given: Any, **options: Any) -> Any:
            primary = connections["default"]
            connections["default"] = connections["standby"]
            try:
                return real(*given, **options)
            finally:
                connections["default"] = primary

        return ask

    PrimaryChecks.answer = elsewhere(PrimaryChecks.answer)  # type: ignore[method-assign]
    PrimaryChecks.answer_batch = elsewhere(PrimaryChecks.answer_batch)  # type: ignore[method-assign]


def _without_hints() -> None:
    """What a process has seen of later positions is only a hint; it would hide these variants most of the time."""
    from consent.check.replica_checks import ReplicaChecks

    ReplicaChecks._is_behind = lambda _, reading: reading.freshness is None  # type: ignore[method-assign]


_BENDS = {
    "no wait": _no_wait,
    "a retry replays": _retry_replays,
    "already revoked at once": _already_revoked_at_once,
    "a miss inserts": _miss_inserts,
    "fresh after a cut page": _fresh_after_cut,
    "clock after the read": _clock_after_read,
    "read apart": _read_apart,
    "a standby answers": _standby,
}
STANDBY = "a standby answers"  # needs one that was not promoted yet
VARIANTS = tuple(name for name in _BENDS if name != STANDBY)
