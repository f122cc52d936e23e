"""Each way to get the promise wrong (DESIGN §8), built into a node for a test. Nothing here is in the product.

The delays make visible what would otherwise need luck: they widen the moment in which the variant is wrong.
"""

import random
import time
from dataclasses import replace
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


def _already_revoked_at_once() -> None:
    """Whoever comes second is told at once, and so is a retry, from the stored row."""
    from consent.check import feeder
    from consent.log import enforcement
    from consent.registry import answers

    feeder.POLL_S = SLOW_POLL_S

    def hasty(event_id: str, *, ports: Any) -> Any:
        denial = enforcement._read(event_id)
        if denial.enforced_at is None:
            enforcement._record([event_id])
        return enforcement._read(event_id).enforced_at

    enforcement.await_seen = answers.await_seen = hasty


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

    def read(self: Any, head: Any, wanted: Any, *, at: Any, began: float) -> Any:
        turn = real(self, head, wanted, at=at, began=began)
        kept = self.replica.freshness(head.livemode)
        if turn.restart or kept is None or kept.position.seq >= head.seq:
            return turn
        if (
            int(began) % 2
        ):  # every other second pages go through; in between they are cut before the first change
            return turn
        cells = {name: cell for name, cell in turn.cells.items() if name in wanted}
        until = began + head.l_node_ms / 1000
        return replace(turn, changes=(), cells=cells, freshness=replace(kept, until=until), reached=True)

    feeder.Feeder._read = read  # type: ignore[method-assign]


def _clock_after_read() -> None:
    """The clock is noted after the read, however long that took."""
    from consent.check.feeder import Feeder

    _without_hints()
    real = Feeder._snapshot

    def read(self: Any, wanted: Any, *, began: float) -> Any:
        turns = real(self, wanted, began=began)
        time.sleep(LATE_S)
        late = self._ports.log.boot_clock()
        return [
            replace(turn, freshness=replace(turn.freshness, until=turn.freshness.until + late - began))
            for turn in turns
        ]

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


def _without_hints() -> None:
    """What a process has seen of later positions is only a hint; it would hide these variants most of the time."""
    from consent.check.replica_checks import ReplicaChecks

    ReplicaChecks._is_behind = lambda _, reading: reading.freshness is None  # type: ignore[method-assign]


_BENDS = {
    "no wait": _no_wait,
    "already revoked at once": _already_revoked_at_once,
    "a miss inserts": _miss_inserts,
    "fresh after a cut page": _fresh_after_cut,
    "clock after the read": _clock_after_read,
    "read apart": _read_apart,
}
VARIANTS = tuple(_BENDS)
