"""Cells under one bound of bytes; those that nobody asked for again go first."""

from collections.abc import Iterator

from consent.check.cells import KeyCell, SubjectCell, SubjectName
from consent.check.weights import Weights

CellName = SubjectName | bytes  # bytes: the digest of an API key's secret
Cell = SubjectCell | KeyCell


class Kept:
    """A cell with two instants of the boot clock: of the facts that were last asked of it, and since when it stands
    where it stands in the order of going."""

    __slots__ = ("asked", "cell", "placed")

    def __init__(self, cell: Cell, now: float, *, asked: bool) -> None:
        self.cell = cell
        self.placed = now
        self.asked = now if asked else 0.0


class Shelf:
    """Changed by one thread at a time. Others may look into `cells`, and note in `asked` that they did."""

    def __init__(self, *, max_bytes: int) -> None:
        self.cells: dict[CellName, Kept] = {}
        self.weights = Weights()
        self._max_bytes = max_bytes
        self._order: Iterator[CellName] = iter(())

    def put(self, name: CellName, cell: Cell, *, now: float, asked: bool = True) -> None:
        """Add a cell whose name is not here; `asked` says whether somebody asked for it just now."""
        self.cells[name] = Kept(cell, now, asked=asked)
        self.weights.put(name, cell)

    def drop(self, name: CellName) -> Cell | None:
        """Take a cell away, if it is here."""
        kept = self.cells.pop(name, None)
        if kept is None:
            return None
        self.weights.take(name, kept.cell)
        return kept.cell

    def surplus(self, *, now: float) -> Iterator[CellName]:
        """Names to drop, one after another, until the rest fits: whoever takes one drops it before the next.

        Around in a circle (a clock, as in paging): a cell that was asked for since the last time is spared once.
        """
        spared = 0
        while self.weights.bytes > self._max_bytes and self.cells:
            name = next(self._order, None)
            if name is None:
                self._order = iter(list(self.cells))
                continue
            kept = self.cells.get(name)
            if kept is None:
                continue
            if kept.asked > kept.placed and spared < len(self.cells):
                kept.placed, spared = now, spared + 1
                continue
            yield name
