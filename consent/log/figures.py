"""Counting what a process does, where it happens: plain numbers of each thread, added up when somebody asks.

Counting takes no lock, opens no file and costs well below a microsecond. Labels are words from closed lists, such
as a route's pattern or a reason; never an id, never who asked and about whom.
"""

import os
import threading
import weakref
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Labels = tuple[str, ...]
Key = tuple[str, Labels]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One figure with all its labels. `text` says in a sentence what it counts, with its unit.

    `bounds` are the upper ends of a histogram's buckets, in the unit of `text`. A gauge of several processes is
    their sum, or the greatest of them.
    """

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    text: str
    labels: Labels = ()
    bounds: tuple[float, ...] = ()
    merged: Literal["sum", "max"] = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Everything counted so far. A histogram's row holds each bucket's own count, the rest, and the sum of values."""

    counters: dict[Key, float]
    histograms: dict[Key, list[float]]


class _OfThread:
    """What one thread counted. Only that thread writes, so nothing is lost and nobody waits."""

    __slots__ = ("counters", "histograms", "thread")

    def __init__(self) -> None:
        self.thread = weakref.ref(threading.current_thread())
        self.counters: dict[Key, float] = {}
        self.histograms: dict[Key, list[float]] = {}


class Figures:
    """The figures of this process; a forked child begins at nothing. Safe to share between threads."""

    def __init__(self) -> None:
        self._watched: list[Callable[[], Iterable[tuple[Family, Labels, float]]]] = []
        self._begin_anew()
        _everywhere.add(self)

    def __repr__(self) -> str:
        return "Figures()"

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._mine = threading.local()
        self._threads: list[_OfThread] = []
        self._gone = Counted(counters={}, histograms={})

    def add(self, family: Family, labels: Labels = (), number: float = 1) -> None:
        """Count `number` more of a counter."""
        key = (family.name, labels)
        try:
            self._mine.figures.counters[key] += number
        except (AttributeError, KeyError):
            _check(family, labels)
            self._of_thread().counters[key] = number

    def observe(self, family: Family, labels: Labels, value: float) -> None:
        """Put one value into a histogram."""
        key = (family.name, labels)
        try:
            row = self._mine.figures.histograms[key]
        except (AttributeError, KeyError):
            _check(family, labels)
            row = self._of_thread().histograms[key] = [0.0] * (len(family.bounds) + 2)
        row[bisect_left(family.bounds, value)] += 1  # a bucket's bound belongs to it
        row[-1] += value

    def watch(self, values: Callable[[], Iterable[tuple[Family, Labels, float]]]) -> None:
        """Ask `values` for the values of this moment whenever figures are wanted: gauges, or running totals that are
        kept elsewhere and only grow."""
        self._watched.append(values)

    def counted(self) -> Counted:
        """The sums over all threads, ended ones included."""
        with self._lock:
            for each in [one for one in self._threads if not _alive(one)]:
                _sum_up(self._gone, each)
                self._threads.remove(each)
            total = Counted(
                counters=dict(self._gone.counters),
                histograms={key: list(row) for key, row in self._gone.histograms.items()},
            )
            for each in self._threads:
                _sum_up(total, each)
        return total

    def watched(self) -> list[tuple[Family, Labels, float]]:
        """The values of this moment."""
        return [value for values in self._watched for value in values()]

    def _of_thread(self) -> _OfThread:
        try:
            found: _OfThread = self._mine.figures
        except AttributeError:
            found = self._mine.figures = _OfThread()
            with self._lock:
                self._threads.append(found)
        return found


def _check(family: Family, labels: Labels) -> None:
    if len(labels) != len(family.labels):
        raise ValueError(f"{family.name} takes the labels {family.labels}, got {len(labels)}")


def _alive(counted: _OfThread) -> bool:
    thread = counted.thread()
    return thread is not None and thread.is_alive()


def _sum_up(total: Counted, counted: _OfThread) -> None:
    # Copying a dictionary or a list is one step to other threads: what is counted meanwhile is in the next sum.
    for key, number in counted.counters.copy().items():
        total.counters[key] = total.counters.get(key, 0) + number
    for key, row in counted.histograms.copy().items():
        have = total.histograms.get(key)
        now = row.copy()
        total.histograms[key] = now if have is None else [a + b for a, b in zip(have, now, strict=True)]


_everywhere: "weakref.WeakSet[Figures]" = weakref.WeakSet()


def _in_child() -> None:
    for figures in list(_everywhere):
        figures._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
