"""The relay: looks at the clock and does what is due, itself or through a broker.

A timer that fails is logged and comes round again; nothing that it should have done is lost, because each
reads its work from the database.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, close_old_connections

from consent.log.errors import LogError
from consent.registry.errors import RegistryError
from consent.registry.ports import RegistryPorts
from signing.errors import SigningError

_logger = logging.getLogger(__name__)
_FAILURES = (DatabaseError, LogError, RegistryError, SigningError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One kind of work, how often it is due, and how much it did."""

    name: str
    every_s: float
    work: Callable[[RegistryPorts], int]


def side_by_side(relays: Sequence["Relay"], stop: threading.Event) -> None:
    """Run each on a thread of its own until `stop` is set; one that breaks stops all, and its fault is raised."""
    faults: list[Exception] = []

    def work(relay: Relay) -> None:
        try:
            relay.until(stop)
        except Exception as exc:
            _logger.exception("the relay stops, for its supervisor to start it again")
            faults.append(exc)
            stop.set()

    threads = [threading.Thread(target=work, args=(relay,), daemon=True) for relay in relays[1:]]
    for thread in threads:
        thread.start()
    work(relays[0])
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


class Relay:
    """Runs timers until it is told to stop. `run` is what one timer's turn means."""

    def __init__(
        self,
        timers: Sequence[Timer],
        *,
        run: Callable[[Timer], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run = run
        self._monotonic = monotonic
        self._due = {timer.name: (timer, monotonic()) for timer in timers}

    def until(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            stop.wait(max(0.0, self.turn() - self._monotonic()))

    def turn(self) -> float:
        """Run every timer that is due; returns when the next one is."""
        for name, (timer, due) in self._due.items():
            if due <= self._monotonic():
                self._one(timer)
                # Counted from the end: work that takes long never piles up.
                self._due[name] = (timer, self._monotonic() + timer.every_s)
        return min((due for _, due in self._due.values()), default=self._monotonic() + 1.0)

    def _one(self, timer: Timer) -> None:
        try:
            close_old_connections()
            done = self._run(timer)
        except _FAILURES:
            _logger.warning("timer %s failed; it comes round again", timer.name, exc_info=True)
        else:
            if done:
                _logger.info("timer %s did %d", timer.name, done)
