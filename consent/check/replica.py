"""Facts in memory, all of one position, with the instant until which they may be answered from (DESIGN §8).

Readers take facts, position and freshness in one step, under one lock. Only the feeder changes anything:
it hands over what one snapshot of the primary said, and readers see all of it or nothing.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from consent.check.cells import KeyCell, SubjectCell, SubjectName
from consent.log.position import Position

CellName = SubjectName | bytes  # bytes: the digest of an API key's secret
Cell = SubjectCell | KeyCell


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How far one side was read: up to `position`, at the primary's instant `read_at`, by a read that began at
    `began` and may be answered from until `until`, both on the boot clock in seconds."""

    position: Position
    read_at: datetime
    began: float
    until: float

    def at(self, now: float) -> datetime:
        """The primary's clock at the boot clock's `now`: as read, plus boot-clock time since."""
        return self.read_at + timedelta(seconds=now - self.began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Cells in the order they were asked for, of one position. `missing` names those that are not in memory."""

    cells: Sequence[Cell]
    missing: Sequence[CellName]
    freshness: Freshness | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event, as far as it tells which facts it may have changed."""

    performer: str | None
    organization: str | None


@dataclass(kw_only=True)
class Turn:
    """What one snapshot said about one side: `restart` drops everything; otherwise what `changes` touch is
    dropped; then `cells` are put in. `reached`: it read up to the head, so that freshness may grow."""

    livemode: bool
    freshness: Freshness
    restart: bool = False
    changes: Sequence[Change] = ()
    cells: Mapping[CellName, Cell] = field(default_factory=dict)
    reached: bool = True


MAX_UNKNOWN = 1000  # API keys that nobody has: so many tries are remembered, and push nothing else out


class Replica:
    """The facts of one process, at most `limit` cells; the least recently asked for go first."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self.begin_anew()

    def begin_anew(self) -> None:
        """Empty, with a lock of its own: as in a new process."""
        self._lock = threading.Lock()
        self._cells: OrderedDict[CellName, Cell] = OrderedDict()
        self._about: dict[str, set[CellName]] = {}
        self._unknown: OrderedDict[CellName, None] = OrderedDict()
        self._fresh: dict[bool, Freshness | None] = {True: None, False: None}
        self.evicted = 0

    def __repr__(self) -> str:
        return f"Replica({len(self)} cells)"

    def __len__(self) -> int:
        return len(self._cells)

    def read(self, names: Sequence[CellName], *, livemode: bool) -> Reading:
        """Facts and their freshness, taken together. The caller tests `now < freshness.until` afterwards."""
        cells: list[Cell] = []
        missing: list[CellName] = []
        with self._lock:
            for name in names:
                cell = self._cells.get(name)
                if cell is None:
                    missing.append(name)
                else:
                    self._cells.move_to_end(name)
                    cells.append(cell)
            return Reading(cells=cells, missing=missing, freshness=self._fresh[livemode])

    def freshness(self, livemode: bool) -> Freshness | None:
        """How far a side was read; None before the first turn."""
        return self._fresh[livemode]

    def touched(self, livemode: bool, changes: Iterable[Change]) -> list[CellName]:
        """The cells in memory that these changes may concern: the feeder reads them anew in the same snapshot."""
        with self._lock:
            return list(self._touched(livemode, changes))

    def apply(self, turns: Sequence[Turn]) -> None:
        """Take over what one snapshot said, all at once for readers."""
        with self._lock:
            for turn in turns:
                if turn.restart:
                    self._drop([name for name in self._cells if _side(name, self._cells) == turn.livemode])
                else:
                    self._drop(self._touched(turn.livemode, turn.changes))
                for name, cell in turn.cells.items():
                    self._put(name, cell)
                self._fresh[turn.livemode] = turn.freshness
            while len(self._cells) > self._limit:
                self._drop([next(iter(self._cells))])
                self.evicted += 1

    def forget(self) -> None:
        """Drop everything, and be fresh no longer: the history is not the one that was followed."""
        with self._lock:
            self._cells.clear()
            self._about.clear()
            self._unknown.clear()
            self._fresh = {True: None, False: None}

    def _put(self, name: CellName, cell: Cell) -> None:
        if name in self._cells:
            self._drop([name])
        self._cells[name] = cell
        for tag in _tags(name, cell):
            self._about.setdefault(tag, set()).add(name)
        if isinstance(cell, KeyCell) and cell.caller is None:
            self._unknown[name] = None
            if len(self._unknown) > MAX_UNKNOWN:
                self._drop([next(iter(self._unknown))])

    def _drop(self, names: Iterable[CellName]) -> None:
        for name in names:
            cell = self._cells.pop(name, None)
            if cell is None:
                continue
            self._unknown.pop(name, None)
            for tag in _tags(name, cell):
                tagged = self._about[tag]
                tagged.discard(name)
                if not tagged:
                    del self._about[tag]

    def _touched(self, livemode: bool, changes: Iterable[Change]) -> set[CellName]:
        found: set[CellName] = set()
        for change in changes:
            if change.performer is not None:
                about = self._about.get(f"performer:{change.performer}", set())
                found.update(name for name in about if _concerns(name, change.organization))
            if change.organization is not None:
                found.update(self._about.get(_of_organization(livemode, change.organization), ()))
                # A key that nobody had may be one that was just made.
                found.update(self._about.get(_of_organization(livemode, ""), ()))
        return found


def _tags(name: CellName, cell: Cell) -> list[str]:
    """Under what a change finds a cell: its performer; or, for API keys and names that mean nobody, whose they are."""
    if isinstance(cell, KeyCell):
        return [_of_organization(cell.livemode, "" if cell.caller is None else cell.caller.organization)]
    assert isinstance(name, SubjectName)
    if cell.performer is not None:
        return [f"performer:{cell.performer}"]
    return [_of_organization(name.livemode, each) for each in {name.caller, name.licensee}]


def _of_organization(livemode: bool, organization: str) -> str:
    return f"organization:{livemode}:{organization}"


def _concerns(name: CellName, organization: str | None) -> bool:
    """Whether a change of a performer, between them and `organization` if one is named, is about this cell."""
    return organization is None or (
        isinstance(name, SubjectName) and organization in (name.caller, name.licensee)
    )


def _side(name: CellName, cells: Mapping[CellName, Cell]) -> bool:
    if isinstance(name, SubjectName):
        return name.livemode
    cell = cells[name]
    assert isinstance(cell, KeyCell)
    return cell.livemode
