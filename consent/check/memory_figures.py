"""What a process remembers for its checks, and how old that is."""

from collections.abc import Callable, Iterator

from consent.check.feeder import SIDES, Feeder
from consent.log.families import AHEAD, CELLS, EVICTED, FRESHNESS, UNREADABLE, side_label
from consent.log.figures import Family, Labels
from consent.registry.pair_facts import seal_failures


def memory_figures(feeder: Feeder, boot_clock: Callable[[], float]) -> Iterator[tuple[Family, Labels, float]]:
    """The values of this moment. While nobody asks, nothing is read and no age is told."""
    replica = feeder.replica
    yield CELLS, (), len(replica)
    yield AHEAD, (), float(feeder.reading_ahead)
    yield EVICTED, (), replica.evicted
    yield UNREADABLE, (), seal_failures.count
    for side in SIDES:
        fresh = replica.freshness(side)
        if fresh is not None and not feeder.resting:
            yield FRESHNESS, (side_label(side),), boot_clock() - fresh.began
