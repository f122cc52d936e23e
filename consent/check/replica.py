"""Facts in memory, all of one position, with the instant until which they may be answered from (DESIGN §8).

Readers take facts, position and freshness in one step. Only the feeder changes anything: it hands over what one
snapshot of the primary said, and readers see all of it or nothing. Readers take no lock: they notice that something
was changed meanwhile, by a number that is odd while it is, and only then wait and read again.
"""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from consent.check.cells import KeyCell, SubjectCell, SubjectName
from consent.check.shelf import Cell, CellName, Shelf
from consent.check.weights import NAME_BYTES
from consent.log.position import Position

__all__ = ["Cell", "CellName", "Change", "Freshness", "Reading", "Replica", "Turn"]

MAX_UNKNOWN = 1000  # API keys that nobody has: so many tries are remembered, and push nothing else out
NOBODY_SHARE = 8  # one part in so many is for names that mean nobody, which anybody can make up
FULL = 0.9  # of the room for what is known: the rest is for those who ask
HOT_S = 10.0  # facts asked for within that time are read anew when they changed; others wait for a question


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


@dataclass(slots=True)
class Reading:
    """Cells in the order they were asked for, of one position. `missing` names those that are not in memory."""

    cells: Sequence[Cell]
    missing: Sequence[CellName]
    freshness: Freshness | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event, as far as it tells which facts it may have changed: `names` are those by which the organization
    knows the performer now, which may have meant nobody, or somebody else, before."""

    kind: str
    performer: str | None
    organization: str | None
    names: Sequence[str] = ()


@dataclass(kw_only=True)
class Turn:
    """What one snapshot said about one side: `restart` drops everything; otherwise what `changes` touch is
    dropped; then `cells` are put in, of which nobody has asked for `ahead`. `reached`: it read up to the head, so
    that freshness may grow. `again` are names of what was dropped, and will soon be asked for."""

    livemode: bool
    freshness: Freshness
    restart: bool = False
    changes: Sequence[Change] = ()
    cells: Mapping[CellName, Cell] = field(default_factory=dict)
    reached: bool = True
    again: Sequence[CellName] = ()
    ahead: Collection[CellName] = ()


class Replica:
    """The facts of one process, some `max_bytes` of them; those that nobody asks for go first."""

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.begin_anew()

    def begin_anew(self) -> None:
        """Empty, with a lock of its own: as in a new process."""
        self._lock = threading.Lock()
        self._version = 0  # odd while something is changed
        self.evicted = 0
        self._empty()

    def _empty(self) -> None:
        nobody = self._max_bytes // NOBODY_SHARE
        self._known = Shelf(max_bytes=self._max_bytes - nobody)
        self._nobody = Shelf(max_bytes=nobody)
        self._unknown = Shelf(max_bytes=MAX_UNKNOWN * NAME_BYTES)
        self._shelves = (self._known, self._nobody, self._unknown)
        self._about: dict[str, SubjectName | set[SubjectName]] = {}  # by performer
        self._apart: dict[
            tuple[bool, str], set[SubjectName]
        ] = {}  # by side and organization: see `_is_apart`
        self._keys: dict[tuple[bool, str], set[bytes]] = {}  # by side and organization
        self._now = 0.0
        self._fresh: dict[bool, Freshness | None] = {True: None, False: None}

    def __repr__(self) -> str:
        return f"Replica({len(self)} cells)"

    def __len__(self) -> int:
        return sum(len(shelf.cells) for shelf in self._shelves)

    @property
    def bytes(self) -> int:
        """What the facts in memory weigh."""
        return sum(shelf.weights.bytes for shelf in self._shelves)

    @property
    def now(self) -> float:
        """The boot clock's instant at which the last turn began."""
        return self._now

    def read(self, names: Sequence[CellName], *, livemode: bool) -> Reading:
        """Facts and their freshness, taken together. The caller tests `now < freshness.until` afterwards."""
        before = self._version
        reading = self._take(names, livemode)
        if before & 1 or self._version != before:
            with self._lock:
                return self._take(names, livemode)
        return reading

    def holds(self, name: CellName) -> bool:
        """Whether a cell is in memory; nobody asks for it thereby. Only for the thread that changes things here."""
        return any(name in shelf.cells for shelf in self._shelves)

    @property
    def has_room(self) -> bool:
        """Whether facts that nobody asked for yet may come in."""
        return self._known.weights.bytes < FULL * (self._max_bytes - self._max_bytes // NOBODY_SHARE)

    def freshness(self, livemode: bool) -> Freshness | None:
        """How far a side was read; None before the first turn."""
        return self._fresh[livemode]

    def asked_since(self, began: float, *, limit: int) -> list[SubjectName]:
        """Names that mean somebody and were asked for since that instant of the boot clock, `limit` at most. Only
        for the thread that changes things here."""
        kept = self._known.cells.items()
        names = (name for name, each in kept if each.asked >= began and isinstance(name, SubjectName))
        return list(islice(names, limit))

    def touched(self, livemode: bool, changes: Iterable[Change]) -> tuple[list[CellName], list[CellName]]:
        """The cells that these changes may concern: those that were asked for lately, which the feeder reads anew in
        its next turn; and the others. All of them are dropped with this one."""
        hot: list[CellName] = []
        cold: list[CellName] = []
        with self._lock:
            for name in self._touched(livemode, changes):
                if self.holds(name):
                    (hot if self._is_hot(name) else cold).append(name)
        return hot, cold

    def apply(self, turns: Sequence[Turn]) -> None:
        """Take over what one snapshot said, all at once for readers."""
        with self._lock:
            self._version += 1
            try:
                for turn in turns:
                    self._apply(turn)
                for shelf in (self._known, self._nobody):
                    for name in shelf.surplus(now=self._now):
                        self._drop([name])
                        self.evicted += 1
                for name in self._unknown.surplus(now=self._now):
                    self._drop([name])
            except BaseException:
                self._empty()  # half a turn is nothing to answer from
                raise
            finally:
                self._version += 1

    def forget(self) -> None:
        """Drop everything, and be fresh no longer: the history is not the one that was followed."""
        with self._lock:
            self._version += 1
            self._empty()
            self._version += 1

    def _take(self, names: Sequence[CellName], livemode: bool) -> Reading:
        known, nobody, unknown = self._shelves
        now = self._now
        cells: list[Cell] = []
        missing: list[CellName] = []
        for name in names:
            kept = known.cells.get(name) or nobody.cells.get(name) or unknown.cells.get(name)
            if kept is None:
                missing.append(name)
            else:
                kept.asked = now
                cells.append(kept.cell)
        return Reading(cells, missing, self._fresh[livemode])

    def _apply(self, turn: Turn) -> None:
        side = turn.livemode
        self._now = max(self._now, turn.freshness.began)
        if turn.restart:
            self._drop(
                [name for shelf in self._shelves for name in shelf.cells if _side(name, shelf) == side]
            )
        else:
            self._drop(self._touched(side, turn.changes))
        for name, cell in turn.cells.items():
            self._put(name, cell, asked=name not in turn.ahead)
        self._fresh[side] = turn.freshness

    def _put(self, name: CellName, cell: Cell, *, asked: bool = True) -> None:
        self._drop([name])
        self._shelf_for(cell).put(name, cell, now=self._now, asked=asked)
        if isinstance(cell, KeyCell):
            assert isinstance(name, bytes)
            if cell.caller is not None:
                self._keys.setdefault((cell.livemode, cell.caller.organization), set()).add(name)
            return
        assert isinstance(name, SubjectName)
        if cell.performer is not None:
            about = self._about.get(cell.performer)
            if about is None:
                self._about[cell.performer] = name
            elif isinstance(about, set):
                about.add(name)
            else:
                self._about[cell.performer] = {about, name}
        if _is_apart(name, cell):
            for organization in {name.caller, name.licensee}:
                self._apart.setdefault((name.livemode, organization), set()).add(name)

    def _shelf_for(self, cell: Cell) -> Shelf:
        if isinstance(cell, KeyCell):
            return self._unknown if cell.caller is None else self._known
        return self._nobody if cell.performer is None else self._known

    def _drop(self, names: Iterable[CellName]) -> None:
        for name in names:
            for shelf in self._shelves:
                cell = shelf.drop(name)
                if cell is not None:
                    self._untie(name, cell)
                    break

    def _untie(self, name: CellName, cell: Cell) -> None:
        if isinstance(cell, KeyCell):
            assert isinstance(name, bytes)
            if cell.caller is not None:
                _discard(self._keys, (cell.livemode, cell.caller.organization), name)
            return
        assert isinstance(name, SubjectName)
        if cell.performer is not None:
            if isinstance(self._about[cell.performer], set):
                _discard(self._about, cell.performer, name)
            else:
                del self._about[cell.performer]
        if _is_apart(name, cell):
            for organization in {name.caller, name.licensee}:
                _discard(self._apart, (name.livemode, organization), name)

    def _is_hot(self, name: CellName) -> bool:
        kept = next((shelf.cells[name] for shelf in self._shelves if name in shelf.cells), None)
        return kept is not None and self._now - kept.asked < HOT_S

    def _touched(self, livemode: bool, changes: Iterable[Change]) -> set[CellName]:
        found: set[CellName] = set()
        for change in changes:
            if change.performer is not None:
                found.update(self._of_performer(livemode, change.performer, change))
            elif change.organization is None:
                found.update(
                    name for shelf in self._shelves for name in shelf.cells if _side(name, shelf) == livemode
                )
            else:
                found.update(self._of_organization(livemode, change.organization, change.kind))
        return found

    def _of_performer(self, livemode: bool, performer: str, change: Change) -> Iterable[CellName]:
        """Cells about the performer, or about the pair; and what the pair's names were thought to mean."""
        about = self._about.get(performer, ())
        tied: Iterable[SubjectName] = about if isinstance(about, set) else (about,) if about else ()
        organization = change.organization
        for name in tied:
            if organization is None or organization in (name.caller, name.licensee):
                yield name
        if organization is None:
            return
        for value in change.names:
            yield SubjectName(livemode, organization, organization, "performer", value)
        for name in self._apart.get((livemode, organization), ()):
            if name.selector == "grant" or name.value in change.names:
                yield name

    def _of_organization(self, livemode: bool, organization: str, kind: str) -> Iterable[CellName]:
        """The organization's API keys, and those that nobody had: one may just have been made. Anything of theirs,
        unless the event is of a key."""
        yield from self._keys.get((livemode, organization), ())
        yield from (name for name in self._unknown.cells if _side(name, self._unknown) == livemode)
        if not kind.startswith("api_key."):
            for shelf in (self._known, self._nobody):
                for name in shelf.cells:
                    if isinstance(name, SubjectName) and organization in (name.caller, name.licensee):
                        yield name


def _is_apart(name: SubjectName, cell: SubjectCell) -> bool:
    """Whether a change of a pair cannot find the cell by its performer, nor by one of the pair's names alone: asked
    by one organization about another's consents, or a grant that was not there."""
    return name.caller != name.licensee or (name.selector == "grant" and cell.performer is None)


def _discard(table: dict[Any, Any], key: Any, name: CellName) -> None:
    held: set[CellName] = table[key]
    held.discard(name)
    if not held:
        del table[key]


def _side(name: CellName, shelf: Shelf) -> bool:
    if isinstance(name, SubjectName):
        return name.livemode
    cell = shelf.cells[name].cell
    assert isinstance(cell, KeyCell)
    return cell.livemode
