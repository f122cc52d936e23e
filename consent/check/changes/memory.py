"""The newest part of the feed in memory, for the organizations that poll here, all of one position.

Each organization has a window: every event since `since`, and the present facts of each subject that they touched.
What does not fit is dropped, and its readers get their page from the primary. Only the feeder puts anything in.
"""

import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Raw

from consent.check.changes.content import Content, event_of
from consent.check.replica import Freshness
from consent.core.wire.changes import ChangedSubject
from consent.core.wire.encode import encode
from consent.log.position import Position
from consent.registry.feed import SubjectKey
from consent.registry.queries.feed import FeedRow

READERS_S = 60.0  # whoever did not poll for so long is not followed any more
MAX_READERS = 2_000  # organizations of one side
MAX_EVENTS = 1_000  # of one window
MAX_WINDOW_BYTES = 1 << 20  # the facts of one window; so a page of it is never too long
MAX_BYTES = 64 << 20  # the facts of all windows of one side
MAX_CHAINS = 20_000  # positions that a cursor may stand at


@dataclass(slots=True)
class Window:
    """What one organization was told since the seq `since`, where its counter stood at `since_n`."""

    since: int
    since_n: int
    rows: list[FeedRow] = field(default_factory=list)
    subjects: dict[SubjectKey, tuple[int, bytes]] = field(default_factory=dict)
    size: int = 0

    @property
    def n(self) -> int:
        """The organization's counter now."""
        return self.rows[-1].n if self.rows else self.since_n

    def take(self, rows: Sequence[FeedRow], facts: Mapping[SubjectKey, bytes]) -> None:
        """Add the events of one turn, with the facts of what they touched, and keep within bounds."""
        self.rows.extend(rows)
        for row in rows:
            data = facts.get(row.key)
            if data is not None:
                _, former = self.subjects.get(row.key, (0, b""))
                self.size += len(data) - len(former)
                self.subjects[row.key] = (row.seq, data)
        if len(self.rows) > MAX_EVENTS:
            self._drop(len(self.rows) - MAX_EVENTS // 2)
        if self.size > MAX_WINDOW_BYTES:
            self._drop(len(self.rows))

    def _drop(self, count: int) -> None:
        """Forget the oldest events, never only some of those at one seq."""
        self.since = self.rows[count - 1].seq
        kept = bisect_right(self.rows, self.since, key=_seq)
        self.since_n = self.rows[kept - 1].n
        del self.rows[:kept]
        for key in [key for key, (seq, _) in self.subjects.items() if seq <= self.since]:
            self.size -= len(self.subjects.pop(key)[1])


@dataclass(slots=True)
class _Side:
    """One side: how far it was read, whom it is read for, and what they were told."""

    freshness: Freshness | None = None
    history: str = ""
    l_node_ms: int = 0
    chains: dict[int, bytes] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    readers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one turn read for one side. `begun` are the counters of organizations whose windows begin with it;
    `dropped` those whose windows end."""

    freshness: Freshness
    history: str
    l_node_ms: int
    chains: Mapping[int, bytes]
    begun: Mapping[str, int]
    dropped: frozenset[str]
    rows: Mapping[str, Sequence[FeedRow]]
    facts: Mapping[SubjectKey, ChangedSubject]
    restart: bool


class ChangesMemory:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Empty, with a lock of its own: as in a new process."""
        self._lock = threading.Lock()
        self._sides = {True: _Side(), False: _Side()}

    def __repr__(self) -> str:
        return f"ChangesMemory({self.readers()} readers)"

    def readers(self) -> int:
        """How many organizations are followed, both sides together."""
        return sum(len(side.readers) for side in self._sides.values())

    def asked(self, organization: str, *, livemode: bool, now: float) -> None:
        """Somebody of this organization polls: follow it from the next turn on."""
        readers = self._sides[livemode].readers
        if organization in readers or len(readers) < MAX_READERS:
            readers[organization] = now

    def followed(self, livemode: bool, *, now: float) -> tuple[frozenset[str], frozenset[str]]:
        """Whom to read for: those with a window, and those without; whoever stopped asking is forgotten."""
        with self._lock:
            side = self._sides[livemode]
            for organization in [each for each, at in side.readers.copy().items() if now - at > READERS_S]:
                side.readers.pop(organization, None)
                side.windows.pop(organization, None)
            readers = frozenset(side.readers)
            return readers & side.windows.keys(), readers - side.windows.keys()

    def drop(self, livemode: bool) -> None:
        """Know nothing of a side until the next turn; whom it is read for stays."""
        with self._lock:
            readers = self._sides[livemode].readers
            self._sides[livemode] = _Side(readers=readers)

    def apply(self, livemode: bool, told: Told) -> None:
        """Take over what one turn read, all at once for readers."""
        encoded = {key: encode(subject) for key, subject in told.facts.items()}
        with self._lock:
            side = self._sides[livemode]
            if told.restart:
                side.windows, side.chains = {}, {}
            side.freshness, side.history, side.l_node_ms = told.freshness, told.history, told.l_node_ms
            position = told.freshness.position
            side.chains.update(told.chains)
            side.chains[position.seq] = position.chain
            while len(side.chains) > MAX_CHAINS:
                del side.chains[next(iter(side.chains))]
            for organization in told.dropped:
                side.windows.pop(organization, None)
            for organization, n in told.begun.items():
                side.windows[organization] = Window(since=position.seq, since_n=n)
            for organization, rows in told.rows.items():
                if organization in side.windows:
                    side.windows[organization].take(rows, encoded)
            self._bound(side)

    def position(self, livemode: bool) -> Position | None:
        """How far a side was read; None before its first turn, and after `drop`."""
        with self._lock:
            freshness = self._sides[livemode].freshness
            return None if freshness is None else freshness.position

    def page(
        self, organization: str, *, livemode: bool, after: Position, clock: Callable[[], float]
    ) -> Content | None:
        """What came after a position; None where memory is stale by the boot `clock`, or does not reach back to it."""
        with self._lock:
            side = self._sides[livemode]
            freshness, window = side.freshness, side.windows.get(organization)
            if freshness is None or window is None:
                return None
            if after.seq < window.since or side.chains.get(after.seq) != after.chain:
                return None
            begin = bisect_right(window.rows, after.seq, key=_seq)
            rows = window.rows[begin:]
            subjects = [Raw(data) for seq, data in window.subjects.values() if rows and seq > after.seq]
            # The clock is read after the facts were taken: they were fresh then, or are not told.
            now = clock()
            if now >= freshness.until:
                return None
            return Content(
                at=freshness.at(now),
                head=freshness.position,
                history=side.history,
                l_node_ms=side.l_node_ms,
                fresh=True,
                from_n=window.rows[begin - 1].n if begin else window.since_n,
                to_n=window.n,
                events=[event_of(row) for row in rows],
                subjects=subjects,
                through=freshness.position,
            )

    def _bound(self, side: _Side) -> None:
        """Drop the largest windows while all of them are too large; they begin again with the next turn."""
        total = sum(window.size for window in side.windows.values())
        while total > MAX_BYTES:
            largest = max(side.windows, key=lambda each: side.windows[each].size)
            total -= side.windows.pop(largest).size


def _seq(row: FeedRow) -> int:
    return row.seq
