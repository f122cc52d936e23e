"""All limits of one process, made once: the lane and the API count with the same ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from consent.check.limits.blocks import Blocks
from consent.check.limits.brake import CALLS, POLLS, Brake
from consent.check.limits.key_meter import DAILY, SECOND, KeyMeter
from consent.check.limits.rounds import Rounds
from consent.check.limits.strangers import Strangers
from consent.log.families import REFUSED
from consent.log.figures import Family, Labels
from consent.registry.operations.consume_counters import give_back
from consent.registry.operations.count_keys import count_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Keys' own limits, the brakes on polls and on other calls, unknown keys, and the thread that tells the primary."""

    meter: KeyMeter
    blocks: Blocks
    rounds: Rounds
    brake: Brake = field(default_factory=partial(Brake, CALLS))
    polls: Brake = field(default_factory=partial(Brake, POLLS))
    strangers: Strangers = field(default_factory=Strangers)

    def stop(self) -> None:
        """At the end of the process: give back what was reserved, and tell what was counted."""
        self.blocks.stop()
        self.rounds.stop()

    def figures(self) -> Iterator[tuple[Family, Labels, float]]:
        """What was refused so far, by why."""
        yield REFUSED, ("rate",), self.meter.refused[SECOND]
        yield REFUSED, ("quota",), self.meter.refused[DAILY]
        yield REFUSED, ("calls",), self.brake.refused
        yield REFUSED, ("changes",), self.polls.refused
        yield REFUSED, ("unknown",), self.strangers.refused


def make_limits(boot_clock: Callable[[], float]) -> Limits:
    """Nothing runs before something is counted. `boot_clock` counts seconds with suspension."""
    rounds = Rounds()
    blocks = Blocks(give_back=give_back, wake=rounds.wake, monotonic=boot_clock)
    rounds.add(blocks.tend)
    meter = KeyMeter(tell=count_keys, wake=rounds.wake)
    rounds.add(meter.tell)
    return Limits(meter=meter, blocks=blocks, rounds=rounds)
