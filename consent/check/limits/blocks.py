"""Blocks of counted limits in this process's memory: reserved on the primary before, counted from without asking.

The rules that keep it honest: a block counts as used from when it is reserved; it leaves memory before it is given
back, and giving back is tried once, so nothing is ever given back twice; a block that nobody gives back, because the
process was killed or the database did not answer, stays used. It is at most 1/32 of what was left, and is held for
two seconds, so another node is denied for its sake only near the very end, and for three seconds at most. One of a
rate is named by its UTC day, and no question of the next day finds it. A forked child has none of its parent's.
"""

import logging
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import DatabaseError

from consent.core.counting import CounterClaim
from consent.log.errors import LogError
from consent.registry.operations.consume_counters import CounterName, name_of

HOLD_S: Final = 2.0
SMALLEST, LARGEST = 4, 256  # outputs, doubled each time that one was used up
BUSY_S: Final = 1.0  # a counter that was counted on this recently is worth a block
MAX_NAMES: Final = (
    10_000  # counters whose pace is remembered; the one that was quiet longest is forgotten first
)
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Block:
    """`left` outputs of a counter with this limit, until an instant."""

    left: int
    limit: int
    until: float


@dataclass(slots=True)
class _Pace:
    """When a counter was last counted on by asking the primary, and how large its next block is."""

    at: float
    size: int


class Blocks:
    """Safe to share between threads. `give_back` tells the primary, `wake` is called when there is something to
    give back later, `monotonic` counts seconds."""

    def __init__(
        self,
        *,
        give_back: Callable[[Mapping[CounterName, int]], None],
        wake: Callable[[], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._give_back = give_back
        self._wake = wake
        self._monotonic = monotonic
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())

    def __repr__(self) -> str:
        return f"Blocks({len(self._blocks)})"

    def _begin_anew(self) -> None:
        """Nothing is held: what a parent holds, it counts from and gives back itself."""
        self._lock = threading.Lock()
        self._blocks: dict[CounterName, _Block] = {}
        self._paces: OrderedDict[CounterName, _Pace] = OrderedDict()
        self._stopped = False

    def take(self, claims: Sequence[CounterClaim]) -> bool:
        """Count every claim from blocks that are held, or none of them."""
        with self._lock:
            if not self._blocks:
                return False
            now = self._monotonic()
            found = []
            for claim in claims:
                block = self._blocks.get(name_of(claim))
                if block is None or now >= block.until or block.limit != claim.limit:
                    return False
                if block.left < claim.quantity:
                    return False
                found.append(block)
            for claim, block in zip(claims, found, strict=True):
                block.left -= claim.quantity
            return True

    def wanted(self, claims: Sequence[CounterClaim]) -> dict[CounterName, int]:
        """The sizes to reserve beside what is counted now: nothing for a counter that is seldom asked for."""
        with self._lock:
            now = self._monotonic()
            sizes = {}
            for claim in claims:
                name = name_of(claim)
                pace, block = self._paces.pop(name, None), self._blocks.get(name)
                if pace is None or now - pace.at > BUSY_S:
                    pace = _Pace(at=now, size=0)
                else:
                    pace = _Pace(at=now, size=min(LARGEST, max(SMALLEST, pace.size * 2)))
                self._paces[name] = pace
                if len(self._paces) > MAX_NAMES:
                    self._paces.popitem(last=False)
                if not self._stopped and (block is None or block.left == 0) and pace.size >= claim.quantity:
                    sizes[name] = pace.size
            return sizes

    def put(
        self, reserved: Mapping[CounterName, int], claims: Sequence[CounterClaim], *, began: float
    ) -> None:
        """Hold what was reserved by a transaction that began at `began`."""
        if not reserved:
            return
        limits = {name_of(claim): claim.limit for claim in claims}
        spare = {}
        with self._lock:
            for name, size in reserved.items():
                former = self._blocks.get(name)
                if self._stopped or (former is not None and former.left):
                    spare[name] = size  # two threads reserved at once: one is enough
                else:
                    self._blocks[name] = _Block(left=size, limit=limits[name], until=began + HOLD_S)
        self._tell(spare)
        self._wake()

    def holds(self, claims: Sequence[CounterClaim]) -> bool:
        """Whether anything of these counters is held."""
        return any(name_of(claim) in self._blocks for claim in claims)

    def release(self, claims: Sequence[CounterClaim]) -> None:
        """Give back what is held of these counters, so that it can be counted on the primary."""
        self._return({name_of(claim) for claim in claims})

    def tend(self) -> bool:
        """Give back what has been held long enough; whether anything is still held."""
        now = self._monotonic()
        with self._lock:
            old = {name for name, block in self._blocks.items() if now >= block.until}
        self._return(old)
        return bool(self._blocks)

    def stop(self) -> None:
        """Give everything back, and hold nothing any more."""
        with self._lock:
            self._stopped = True
        self._return(set(self._blocks))

    def _return(self, names: Collection[CounterName]) -> None:
        left = {}
        with self._lock:
            for name in names:
                block = self._blocks.pop(name, None)
                if block is not None and block.left:
                    left[name] = block.left
        # From here on nobody counts from them.
        self._tell(left)

    def _tell(self, left: Mapping[CounterName, int]) -> None:
        if not left:
            return
        try:
            self._give_back(left)
        except (DatabaseError, LogError) as exc:
            # It may have been given back, so it is never tried again.
            lost = sum(left.values())
            _logger.warning("%d outputs stay counted that nobody used: %s", lost, type(exc).__name__)
