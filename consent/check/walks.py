"""Names that nobody has asked about yet, of organizations that ask: all of them, page by page, while there is room.

Popular people are asked about soon enough; most of those who are asked about once are not, however long a process
runs. So an organization whose question missed has the rest of its names walked through, the one after the other
of those that do. Only the feeder's thread uses this.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from consent.check.cells import SubjectName
from consent.check.replica import CellName
from consent.log.prepared import Rows, Statement
from consent.registry.names_in_order import kind_of_name, names_of_page, page_of_names

PAGE: Final = 500  # names that the database is asked for at once: some kilobytes
MAX_NAMES: Final = 50_000  # that wait to be read
MAX_WALKS: Final = 1000  # organizations of which a process takes notice; others are read when they ask


@dataclass(slots=True)
class _Walk:
    livemode: bool
    organization: str
    kind: str
    after: str = ""


class Walks:
    """Where each walk stands, and the names that were found and not handed out yet."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Nobody has asked anything yet."""
        self._known: set[tuple[bool, str, str]] = set()
        self._waiting: deque[_Walk] = deque()
        self._asked: _Walk | None = None
        self.names: deque[SubjectName] = deque()

    def __repr__(self) -> str:
        return f"Walks({len(self._waiting)} going, {len(self.names)} names)"

    def __bool__(self) -> bool:
        return bool(self._waiting or self.names)

    def missed(self, names: Iterable[CellName]) -> None:
        """These questions found nothing in memory: walk through the names of whoever asked them."""
        for name in names:
            if (
                not isinstance(name, SubjectName)
                or name.selector != "performer"
                or name.caller != name.licensee
            ):
                continue
            walk = (name.livemode, name.caller, kind_of_name(name.value))
            if walk not in self._known and len(self._known) < MAX_WALKS:
                self._known.add(walk)
                self._waiting.append(_Walk(*walk))

    def statement(self) -> Statement | None:
        """What to ask the database in this turn: the next page, once all names were handed out; for `found`."""
        if self.names or not self._waiting:
            return None
        self._asked = walk = self._waiting[0]
        return page_of_names(
            walk.organization, walk.kind, livemode=walk.livemode, after=walk.after, page=PAGE
        )

    def found(self, rows: Rows) -> None:
        """The page that was asked for; an empty one ends its walk."""
        walk = self._asked
        if walk is None or not self._waiting or self._waiting[0] is not walk:
            return  # all was begun anew meanwhile
        self._asked = None
        self._waiting.popleft()
        values = names_of_page(rows, walk.kind)
        if values:
            walk.after = values[-1]
            self._waiting.append(walk)
        self.names.extend(
            SubjectName(walk.livemode, walk.organization, walk.organization, "performer", value)
            for value in values
        )

    def again(self, names: Iterable[SubjectName]) -> None:
        """Names whose facts were here, and have to be read once more."""
        self.names.extend(islice(names, max(0, MAX_NAMES - len(self.names))))

    def end(self) -> None:
        """There is no more room, or a name could not be read: leave the rest to questions."""
        self._waiting.clear()
        self.names.clear()
