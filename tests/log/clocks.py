"""A boot clock that only moves when somebody sleeps on it."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class FakeClock:
    """`now` in seconds; `sleep` moves it, in steps of at most `step_s`, and remembers what was asked.

    `during` is called at each sleep, for what happens while somebody waits.
    """

    now: float = 1000.0
    step_s: float = 60.0
    slept: list[float] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on, perhaps less far than asked, as a real sleep may."""
        self.slept.append(seconds)
        self.now += min(seconds, self.step_s)
        self.during()
