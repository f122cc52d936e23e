"""Missed facts that wait for a turn of the feeder, shared out between those who asked.

Each turn takes one of each organization in a circle until it has enough, so that whoever asks about a million strangers
keeps their own questions waiting and nobody else's. Keys are asked for by nobody yet, and have a share of their own.
"""

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable

from consent.check.shelf import CellName

MAX_QUEUED = 50_000  # of one side: more than the longest batch can miss
ALWAYS = 1000  # of one organization: so many find a place however long the queue of the others is
_KEYS = ""  # whose share the digests of API keys are taken from


class Wanted:
    """The queue of one side. Not safe between threads: its owner locks."""

    def __init__(self) -> None:
        self._names: set[CellName] = set()
        self._queues: OrderedDict[str, dict[CellName, None]] = OrderedDict()

    def __repr__(self) -> str:
        return f"Wanted({len(self._names)} of {len(self._queues)})"

    def __len__(self) -> int:
        return len(self._names)

    def add(self, names: Collection[CellName]) -> bool:
        """Put them at the end of their organizations' queues; False, and nothing is added, where too many wait."""
        if len(self._names) + len(names) > MAX_QUEUED:
            wanted: dict[str, int] = {}
            for name in names:
                wanted[_whose(name)] = wanted.get(_whose(name), 0) + 1
            if any(len(self._queues.get(who, ())) + count > ALWAYS for who, count in wanted.items()):
                return False
        for name in names:
            self._queues.setdefault(_whose(name), {})[name] = None
        self._names.update(names)
        return True

    def next(self, limit: int) -> list[CellName]:
        """What a turn reads: the oldest of each organization, one by one in a circle. They stay until `remove`."""
        taken: list[CellName] = []
        circle = deque((who, iter(queue)) for who, queue in self._queues.items())
        served = []
        while circle and len(taken) < limit:
            who, queue = circle.popleft()
            name = next(queue, None)
            if name is not None:
                taken.append(name)
                served.append(who)
                circle.append((who, queue))
        if circle and len(served) < len(self._queues):
            for who in served:  # the next turn begins with those whom this one had no room for
                self._queues.move_to_end(who)
        return taken

    def remove(self, names: Iterable[CellName]) -> None:
        """They were read."""
        for name in names:
            if name in self._names:
                self._names.remove(name)
                who = _whose(name)
                del self._queues[who][name]
                if not self._queues[who]:
                    del self._queues[who]

    def clear(self) -> None:
        """Nobody waits any more."""
        self._names.clear()
        self._queues.clear()

    def isdisjoint(self, names: Iterable[CellName]) -> bool:
        """Whether none of these waits."""
        return self._names.isdisjoint(names)


def _whose(name: CellName) -> str:
    return _KEYS if isinstance(name, bytes) else name.caller
