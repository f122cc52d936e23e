"""What goes wrong during a run, one after another, each undone again."""

import random
import signal
import threading
from collections.abc import Callable, Sequence

from tests.history.place import Place
from tests.history.record import History, now


class Breaker:
    """Breaks one thing of `kinds` after another. Use from the main thread."""

    def __init__(self, place: Place, history: History, *, seed: int, kinds: Sequence[str]) -> None:
        self._place = place
        self._history = history
        self._chosen = random.Random(seed)
        self._kinds = kinds

    def once(self, stop: threading.Event) -> None:
        """Break something, and undo it; returns early when the run ends."""
        kind = self._chosen.choice(self._kinds)
        if kind == "failover" and self._place.serving is not self._place.primary:
            return  # one a run: the old primary would have to be rebuilt
        self._history.faults.append((now(), kind))
        _FAULTS[kind](self._place, self._chosen, stop)


def _kill(place: Place, chosen: random.Random, stop: threading.Event) -> None:
    node = chosen.choice(place.nodes)
    node.kill()
    stop.wait(0.2)
    node.start()


def _freeze(place: Place, chosen: random.Random, stop: threading.Event) -> None:
    node = chosen.choice(place.nodes)
    node.send(signal.SIGSTOP)
    stop.wait(chosen.uniform(0.1, 1.5))
    node.send(signal.SIGCONT)


def _slow(place: Place, chosen: random.Random, stop: threading.Event) -> None:
    node = chosen.choice(place.nodes)
    node.proxy.delay_s = chosen.uniform(0.02, 0.3)
    stop.wait(chosen.uniform(0.5, 2.0))
    node.proxy.delay_s = 0.0


def _cut(place: Place, chosen: random.Random, stop: threading.Event) -> None:
    node = chosen.choice(place.nodes)
    node.proxy.cut()
    stop.wait(chosen.uniform(0.2, 1.5))
    node.proxy.heal()


def _crash(place: Place, chosen: random.Random, stop: threading.Event) -> None:
    place.crash_database()


def _fail_over(place: Place, chosen: random.Random, stop: threading.Event) -> None:
    place.fail_over()


_FAULTS: dict[str, Callable[[Place, random.Random, threading.Event], None]] = {
    "kill": _kill,
    "freeze": _freeze,
    "slow": _slow,
    "cut": _cut,
    "database crash": _crash,
    "failover": _fail_over,
}
