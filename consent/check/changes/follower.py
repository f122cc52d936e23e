"""Follows the feed through the feeder's own snapshots, for the organizations that poll this process."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from consent.check.changes.content import history_id
from consent.check.changes.memory import ChangesMemory, Told
from consent.check.replica import Freshness
from consent.core.wire.changes import ChangedSubject
from consent.log.errors import KeyStoreError
from consent.log.position import Head, Position
from consent.registry.feed import SubjectKey, load_subjects
from consent.registry.ports import RegistryPorts
from consent.registry.queries.feed import FeedRow, chains_between, counters, rows_between

MAX_TOUCHED = 200  # subjects that one turn reads: checks wait for it too
_logger = logging.getLogger(__name__)


class ChangesFollower:
    """Implements `Follower`: reads what is new for those who poll, and nothing where nobody does."""

    def __init__(self, memory: ChangesMemory, ports: RegistryPorts) -> None:
        self._memory = memory
        self._ports = ports

    def __repr__(self) -> str:
        return f"ChangesFollower({self._memory!r})"

    def begin_anew(self) -> None:
        """As in `Follower`."""
        self._memory.begin_anew()

    def read(
        self, head: Head, *, after: Position | None, at: datetime, freshness: Freshness, reached: bool
    ) -> Callable[[], None]:
        """As in `Follower`. A turn that was cut is not followed: its facts would be younger than its position."""
        side, position = head.livemode, freshness.position
        if not reached:
            return lambda: self._memory.drop(side)
        known, new = self._memory.followed(side, now=self._ports.log.boot_clock())
        if after is None or self._memory.position(side) != after:
            after, known, new = None, frozenset(), known | new
        rows: Sequence[FeedRow] = ()
        chains: dict[int, bytes] = {}
        if after is not None and known and position.seq > after.seq:
            rows = rows_between(known, livemode=side, after=after.seq, up_to=position.seq)
            chains = chains_between(side, after=after.seq, up_to=position.seq)
        facts, dropped = self._facts(rows, side=side, at=at)
        begun = new | dropped
        told = Told(
            freshness=freshness,
            history=history_id(head.database_id, livemode=side),
            l_node_ms=head.l_node_ms,
            chains=chains,
            begun=counters(begun, livemode=side) if begun else {},
            dropped=dropped,
            rows=_by_organization(rows, without=dropped),
            facts=facts,
            restart=after is None,
        )
        return lambda: self._memory.apply(side, told)

    def _facts(
        self, rows: Sequence[FeedRow], *, side: bool, at: datetime
    ) -> tuple[dict[SubjectKey, ChangedSubject], frozenset[str]]:
        """The facts of what was touched, and the organizations for which they could not all be read."""
        keys: dict[SubjectKey, None] = {}
        dropped: set[str] = set()
        for row in rows:
            if row.key not in keys and len(keys) >= MAX_TOUCHED:
                dropped.add(row.organization)
            keys.setdefault(row.key)
        wanted = [key for key in keys if key.organization not in dropped]
        try:
            return load_subjects(wanted, livemode=side, at=at, ports=self._ports), frozenset(dropped)
        except KeyStoreError as exc:
            # Checks go on; whoever follows these organizations asks the primary, which says so.
            _logger.warning("the change feed cannot read limits: %s", type(exc).__name__)
            return {}, frozenset(row.organization for row in rows)


def _by_organization(rows: Iterable[FeedRow], *, without: frozenset[str]) -> dict[str, list[FeedRow]]:
    found: dict[str, list[FeedRow]] = {}
    for row in rows:
        if row.organization not in without:
            found.setdefault(row.organization, []).append(row)
    return found
