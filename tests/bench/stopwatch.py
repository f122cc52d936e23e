"""Where a call's time goes: the whole of it, and each of its parts in a run of its own, with the stopwatch's own
time taken off. What no part accounts for is the rest."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

ROUNDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A function or method, by whoever calls it by that name. One `within` another part's time is not counted twice."""

    what: str
    owner: Any
    name: str
    within: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Microseconds of one call, of each part in the order given, and of the rest."""

    whole_us: float
    parts: Sequence[tuple[Part, float]]

    @property
    def rest_us(self) -> float:
        """What no part accounts for."""
        return self.whole_us - sum(us for part, us in self.parts if not part.within)


class _Nothing:
    def call(self) -> None:
        """What the stopwatch is tried on."""


def measure(
    call: Callable[[Any], object], given: Callable[[], Any], parts: Sequence[Part], *, calls: int
) -> Spent:
    """What `call` spends on what `given` makes. Making it is not counted."""
    whole_us = _median_us(lambda: call(given()), calls) - _median_us(given, calls)
    tried = _Nothing()
    own_us = _watched_us(tried.call, Part(what="", owner=_Nothing, name="call"), calls=1000)
    return Spent(
        whole_us=whole_us,
        parts=[
            (part, _watched_us(lambda: call(given()), part, calls=calls, own_us=own_us)) for part in parts
        ],
    )


def _median_us(call: Callable[[], object], calls: int) -> float:
    """CPU time of this thread, in the median of the rounds."""
    took_us = []
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        for _ in range(calls):
            call()
        took_us.append((time.thread_time_ns() - began) / calls / 1000)
    return statistics.median(took_us)


def _watched_us(call: Callable[[], object], part: Part, *, calls: int, own_us: float = 0.0) -> float:
    """Time in one part during one call: in the median, times how often it is called."""
    real = getattr(part.owner, part.name)
    took_ns: list[int] = []

    def watched(*given: Any, **named: Any) -> Any:
        began = time.thread_time_ns()
        try:
            return real(*given, **named)
        finally:
            took_ns.append(time.thread_time_ns() - began)

    asked = calls * ROUNDS // 4
    with patch.object(part.owner, part.name, watched):
        for _ in range(asked):
            call()
    each_us = statistics.median(took_ns) / 1000 - own_us if took_ns else 0.0
    return max(0.0, each_us) * len(took_ns) / asked
