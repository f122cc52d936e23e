"""Pages read from the primary: snapshots, and cursors that no memory reaches back to.

A snapshot of many pages is read in many transactions, so its pages are of different positions. It leads a reader
right all the same: facts are told as they stand, every later change of a pair is told again by the feed, and the
reader goes on from where the *first* page was read.
"""

from collections.abc import Sequence
from dataclasses import replace

from consent.check.caller import OrganizationCaller
from consent.check.changes.content import Content, event_of, history_id
from consent.check.changes.page_tokens import PageTokens, SnapshotPlace
from consent.core.wire.changes import ChangedSubject
from consent.core.wire.encode import encode
from consent.log.heads import chain_at, require_on_history
from consent.log.position import Position
from consent.registry.facts import Snapshot, snapshot
from consent.registry.feed import SubjectKey, delegated, introduced, load_subjects
from consent.registry.ports import RegistryPorts
from consent.registry.queries.feed import FeedRow, begins_after, counted_at, counters, rows_after

PAGE_SUBJECTS = 500
PAGE_EVENTS = 500
PAGE_BYTES = 1 << 20  # what a page aims at; one subject always fits
MAX_BEHIND = 10_000  # events: a reader further behind gets a snapshot


class PrimaryFeed:
    """Safe to share between threads; each page is one REPEATABLE READ transaction on the primary."""

    def __init__(self, ports: RegistryPorts, *, pages: PageTokens) -> None:
        self._ports = ports
        self._pages = pages

    def __repr__(self) -> str:
        return "PrimaryFeed()"

    def follow(self, after: str, *, caller: OrganizationCaller) -> Content:
        """What came after a position; the first page of a snapshot where that is too long ago.

        Raises:
            PositionInvalidError: not a position of this side.
            PositionConflictError: ahead of the primary or off its history.
            LogError, RegistryError: the primary cannot be asked.
        """
        position = self._ports.log.tokens.decode(after, expected_livemode=caller.livemode)
        organization, side = caller.organization, caller.livemode
        with snapshot(side, self._ports) as snap:
            require_on_history(position, snap.head)
            from_n = counted_at(organization, livemode=side, seq=position.seq)
            to_n = counters([organization], livemode=side)[organization]
            if position.seq < begins_after(side) or to_n - from_n > MAX_BEHIND:
                return self._begin(snap, caller)
            rows, subjects = self._changes(snap, organization, n=from_n)
            last = rows[-1].n if rows else from_n
            page = replace(
                _empty(snap),
                from_n=from_n,
                to_n=last,
                events=[event_of(row) for row in rows],
                subjects=subjects,
            )
            if last == to_n:
                return replace(page, fresh=True, through=snap.head.position)
            return replace(page, more=True, through=_position(snap, rows[-1].seq))

    def begin(self, *, caller: OrganizationCaller) -> Content:
        """The first page of a snapshot.

        Raises:
            LogError, RegistryError: the primary cannot be asked.
        """
        with snapshot(caller.livemode, self._ports) as snap:
            return self._begin(snap, caller)

    def go_on(self, page: str, *, caller: OrganizationCaller) -> Content:
        """A later page of a snapshot.

        Raises:
            ApiError: `page_invalid`: not the token of a page of this caller.
            PositionConflictError: the snapshot began on another history.
            LogError, RegistryError: the primary cannot be asked.
        """
        place = self._pages.decode(page, livemode=caller.livemode, organization=caller.organization)
        with snapshot(caller.livemode, self._ports) as snap:
            require_on_history(place.position, snap.head)
            return self._page(snap, caller, place)

    def _begin(self, snap: Snapshot, caller: OrganizationCaller) -> Content:
        n = counters([caller.organization], livemode=snap.livemode)[caller.organization]
        page = self._page(snap, caller, SnapshotPlace(position=snap.head.position, n=n))
        # A snapshot that is one page was read at one position, and is as fresh as it can be.
        return replace(page, first=True, fresh=page.page is None, more=page.page is not None)

    def _page(self, snap: Snapshot, caller: OrganizationCaller, place: SnapshotPlace) -> Content:
        keys = _next_keys(snap, caller.organization, place)
        found = load_subjects(
            [key for key, _ in keys[:PAGE_SUBJECTS]], livemode=snap.livemode, at=snap.at, ports=self._ports
        )
        told: list[ChangedSubject] = []
        size, last = 0, place
        for key, after in keys[:PAGE_SUBJECTS]:
            subject = found.get(key)
            if subject is not None:
                size += len(encode(subject))
                if told and size > PAGE_BYTES:
                    break
                told.append(subject)
            last = after
        ended = len(keys) <= PAGE_SUBJECTS and (not keys or last == keys[-1][1])
        page = replace(_empty(snap), snapshot=True, from_n=place.n, to_n=place.n, subjects=told, more=True)
        if ended:
            return replace(page, through=place.position)
        return replace(page, page=self._pages.encode(last, organization=caller.organization))

    def _changes(
        self, snap: Snapshot, organization: str, *, n: int
    ) -> tuple[Sequence[FeedRow], Sequence[ChangedSubject]]:
        """The next events with the facts of their subjects, as many as fit."""
        limit = PAGE_EVENTS
        while True:
            rows = rows_after(organization, livemode=snap.livemode, n=n, limit=limit)
            keys = list(dict.fromkeys(row.key for row in rows))
            found = load_subjects(keys, livemode=snap.livemode, at=snap.at, ports=self._ports)
            subjects = [found[key] for key in keys if key in found]
            if limit == 1 or len(encode(subjects)) <= PAGE_BYTES:
                return rows, subjects
            limit //= 2


def _empty(snap: Snapshot) -> Content:
    return Content(
        at=snap.at,
        head=snap.head.position,
        history=history_id(snap.head.database_id, livemode=snap.livemode),
        l_node_ms=snap.head.l_node_ms,
        fresh=False,
        from_n=0,
        to_n=0,
    )


def _position(snap: Snapshot, seq: int) -> Position:
    chain = chain_at(snap.livemode, seq)
    assert chain is not None  # events are never removed
    return Position(livemode=snap.livemode, seq=seq, chain=chain)


def _next_keys(
    snap: Snapshot, organization: str, place: SnapshotPlace
) -> list[tuple[SubjectKey, SnapshotPlace]]:
    """The next subjects, one more than a page takes, each with the place after it."""
    keys: list[tuple[SubjectKey, SnapshotPlace]] = []
    limit, side = PAGE_SUBJECTS + 1, snap.livemode
    if place.licensee is None:
        own = introduced(organization, livemode=side, after=place.reference, limit=limit)
        keys = [(key, replace(place, reference=reference)) for reference, key in own]
    if len(keys) < limit:
        told = None
        if place.licensee is not None and place.performer is not None:
            told = (place.licensee, place.performer)
        others = delegated(organization, livemode=side, after=told, limit=limit - len(keys))
        keys += [(key, replace(place, licensee=key.licensee, performer=key.performer)) for key in others]
    return keys
