"""What facts weigh in memory, in bytes: parts that several cells share are weighed once.

Measured on CPython 3.11 on 64 bits; a test fills a replica and compares with what the process really grew by.
"""

import sys
from collections.abc import Iterator
from enum import Enum
from types import MappingProxyType, MethodType
from typing import Any

from consent.check.cells import KeyCell, SubjectCell, SubjectName

NAME_BYTES = 320  # a name, its places in the tables, what is noted about it
CELL_BYTES = 260  # a subject's cell and facts, and its performer's id
GRANT_BYTES = 260  # one grant of a pair, without its terms
TERMS_BYTES = 900  # terms, without the rules that other grants share
USED_BYTES = 250  # one counted use
KEY_BYTES = 4000  # an API key with its standing context


class Weights:
    """The weight of the cells that were put in and not taken out again. Not for several threads."""

    def __init__(self) -> None:
        self.bytes = 0
        self._shared: dict[int, list[int]] = {}  # by id: how many cells hold it, and its bytes

    def put(self, name: SubjectName | bytes, cell: SubjectCell | KeyCell) -> None:
        """Weigh a cell that comes in."""
        self.bytes += _own(name, cell)
        for part in _parts(cell):
            held = self._shared.get(id(part))
            if held is None:
                held = self._shared[id(part)] = [0, _bytes_of(part)]
                self.bytes += held[1]
            held[0] += 1

    def take(self, name: SubjectName | bytes, cell: SubjectCell | KeyCell) -> None:
        """A cell that was put goes; what it shared stays as long as another holds it."""
        self.bytes -= _own(name, cell)
        for part in _parts(cell):
            held = self._shared[id(part)]
            held[0] -= 1
            if not held[0]:
                del self._shared[id(part)]
                self.bytes -= held[1]


def _own(name: SubjectName | bytes, cell: SubjectCell | KeyCell) -> int:
    if isinstance(cell, KeyCell):
        return NAME_BYTES + (0 if cell.caller is None else KEY_BYTES)
    text = 4 * len(name.value) if isinstance(name, SubjectName) else 0
    if cell.facts is None:
        return NAME_BYTES + CELL_BYTES + text
    used = sum(len(grant.usage) for grant in cell.facts.grants if grant.usage)
    return NAME_BYTES + CELL_BYTES + text + GRANT_BYTES * len(cell.facts.grants) + USED_BYTES * used


def _parts(cell: SubjectCell | KeyCell) -> Iterator[Any]:
    """What other cells may hold too: terms, their rules, limits."""
    if isinstance(cell, KeyCell) or cell.facts is None:
        return
    for grant in cell.facts.grants:
        yield grant.terms
        yield grant.terms.rules
    if cell.facts.limits is not None:
        yield cell.facts.limits


def _bytes_of(part: Any) -> int:
    return TERMS_BYTES if hasattr(part, "rules") else deep_size(part)


def deep_size(root: Any) -> int:
    """The bytes of a value and of everything only values lead to; each object once."""
    seen: set[int] = set()
    waiting, total = [root], 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or each is None or isinstance(each, type | Enum | bool):
            continue
        seen.add(id(each))
        total += sys.getsizeof(each)
        if isinstance(each, dict | MappingProxyType):
            waiting.extend(each.keys())
            waiting.extend(each.values())
        elif isinstance(each, list | tuple | set | frozenset):
            waiting.extend(each)
        elif isinstance(each, MethodType):
            waiting.append(each.__self__)
        else:
            waiting.extend(
                getattr(each, slot)
                for kind in type(each).__mro__
                for slot in getattr(kind, "__slots__", ())
                if slot != "__weakref__" and hasattr(each, slot)
            )
    return total
