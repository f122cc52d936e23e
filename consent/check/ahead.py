"""Facts that are read before anybody asks: what was asked about before a start, and then all that may be asked.

They come in small pages beside what questions wait for, in ordinary turns, so that nobody waits for them for long
and freshness means what it always means. Only the feeder's thread uses this.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from consent.check.cells import SubjectName
from consent.check.hot_names import MAX_NAMES, HotNames
from consent.check.replica import CellName, Replica
from consent.check.walks import Walks
from consent.log.prepared import Rows, Statement

PAGE: Final = 50  # names of a turn: some 5 ms of this process, which questions that missed wait longer for
IDLE_PAGES: Final = 5  # that many pages make one while nobody asks: half as much work for each name
KEEP_S: Final = 60.0  # how often the names are kept, and how far back one was asked for
REST_S: Final = (
    60.0  # without walks after a turn that failed: it may have been for something that a walk came upon
)


class Ahead:
    """What is still to be read ahead, and what would be next time."""

    def __init__(self, replica: Replica, hot: HotNames | None) -> None:
        self._replica = replica
        self._hot = hot
        self.begin_anew()

    def begin_anew(self) -> None:
        """As in a new process: what was kept is read with its first turn."""
        self._names: deque[SubjectName] | None = None
        self._walks = Walks()
        self._rests_until = 0.0
        self._kept_at: float | None = None

    def __repr__(self) -> str:
        return f"Ahead({len(self._names or ())} names, {self._walks!r})"

    def __bool__(self) -> bool:
        return bool(self._names or self._walks)

    @property
    def walking(self) -> bool:
        """Whether nothing is left but what nobody has asked about yet, which may take its time."""
        return not self._names and bool(self._walks)

    def missed(self, names: Sequence[CellName]) -> None:
        """What questions wait for: whoever asked them will ask more."""
        if self._replica.now >= self._rests_until:
            self._walks.missed(names)

    def next(
        self, livemode: bool, *, besides: Sequence[CellName], walk: bool = True, idle: bool = False
    ) -> list[SubjectName]:
        """Names of one side for a turn that reads `besides` anyway: what has room, and is not in memory yet.

        `walk`: also those that nobody has asked about; and of them more, if nobody asks or waits now (`idle`).
        """
        wide = PAGE * IDLE_PAGES if idle and not besides else PAGE
        if self._names is None:
            self._names = deque(self._hot.load() if self._hot is not None else ())
        found: list[SubjectName] = []
        for names, page in ((self._names, PAGE), (self._walks.names, wide)):
            if names is not self._names and not walk:
                break
            while names and len(besides) + len(found) < page and names[0].livemode is livemode:
                name = names.popleft()
                if name not in besides and not self._replica.holds(name):
                    found.append(name)
        return found

    def changed(self, names: Sequence[CellName]) -> None:
        """These are dropped from memory, and nobody asked for them lately: read them again after all else."""
        if self._replica.has_room:
            self._walks.again([name for name in names if isinstance(name, SubjectName)])

    def give_back(self, names: Sequence[SubjectName]) -> None:
        """The turn that was to read these was cut: the next ones read them."""
        self._walks.names.extendleft(reversed(names))

    def failed(self) -> None:
        """A turn failed. What nobody asked about must not make the next one fail: no walks for a while."""
        self._walks.begin_anew()
        self._rests_until = self._replica.now + REST_S

    def statement(self) -> Statement | None:
        """What to ask the database for in this turn, to know of more names; `found` gets the rows."""
        if self._walks and not self._replica.has_room:
            self._walks.end()
        return self._walks.statement()

    def found(self, rows: Rows) -> None:
        """The answer to `statement`."""
        self._walks.found(rows)

    def remember(self) -> None:
        """All facts are about to be dropped: read again what was asked for lately, and walk when somebody asks."""
        self._walks.begin_anew()
        lately = self._replica.asked_since(self._replica.now - KEEP_S, limit=MAX_NAMES)
        if lately:
            self._names = deque(sorted(lately, key=lambda name: name.livemode))

    def keep(self, now: float) -> None:
        """After a turn at the boot clock's `now`: save what was asked for lately, now and then."""
        if self._hot is None or self._names:
            return
        if self._kept_at is None:
            self._kept_at = now
        if now - self._kept_at < KEEP_S:
            return
        lately = self._replica.asked_since(self._kept_at, limit=MAX_NAMES)
        self._kept_at = now
        if lately:
            self._hot.save(sorted(lately, key=lambda name: name.livemode))

    def clear(self) -> None:
        """Something among them could not be read: leave it to questions."""
        self._names = deque()
        self.failed()
