"""What was seen, on one clock: the monotonic clock of the process that asks everything."""

import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stop:
    """A time in which a pair must be denied: from the first answer that told of it to the sending of what lifts it.

    `acked` is None while nobody was told; `lifting` None while nothing lifts it, for ever for an ending.
    """

    pair: str
    kind: str
    sent: float
    acked: float | None = None
    lifting: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One row of one check: when the request was sent and answered, by which node, what it said, and of which
    position."""

    pair: str
    node: int
    sent: float
    answered: float
    allowed: bool
    batch: int | None
    position: str


@dataclass(slots=True)
class Accepted:
    """An answer to a statement: the same statement must always be answered alike."""

    statement: str
    grant: str
    kind: str
    body: tuple[str, ...]


@dataclass
class History:
    """Everything that happened in a run."""

    stops: list[Stop] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    granted: dict[str, tuple[float, float, str]] = field(default_factory=dict)
    unavailable: int = 0
    faults: list[tuple[float, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, pair: str, kind: str) -> Stop:
        """A stop is about to be sent."""
        made = Stop(pair=pair, kind=kind, sent=now())
        with self._lock:
            self.stops.append(made)
        return made

    def answered(self, rows: list[Asked]) -> None:
        """A check came back."""
        with self._lock:
            self.asked.extend(rows)

    def no_answer(self) -> None:
        """A node could not answer: that is allowed, whatever happened to it."""
        with self._lock:
            self.unavailable += 1


def now() -> float:
    """Seconds on the one clock."""
    return time.monotonic()
