"""What was shipped is committed to in the history, about every ten seconds (DESIGN §8 "Ledger")."""

import hashlib
import logging
from datetime import timedelta

from consent.check.ledger.errors import SegmentBrokenError
from consent.check.ledger.folder import SegmentName
from consent.check.ledger.reading import read_sealed
from consent.log.errors import ObjectMissingError
from consent.log.heads import read_head
from consent.log.objects import ObjectStore
from consent.log.ports import LogPorts
from consent.registry.models.ledger import LedgerSegment
from consent.registry.operations.commit_ledger import WaitingSegment, commit_ledger
from consent.registry.queries.commitments import last_commitment, waiting_segments, waiting_undigested
from signing.ledger_commitment import MAX_SEGMENTS, CommittedSegment

EVERY_S = 10.0
READ_AT_ONCE = 1000  # segments of one round that a former version shipped, whose files have to be read
MOST_BROKEN = 10_000
_TURN = timedelta(seconds=0.9 * EVERY_S)  # relays of other machines have timers of their own
_logger = logging.getLogger(__name__)


class Committer:
    """Makes the rounds of one relay. It remembers which segments cannot be committed to, and tells each once."""

    def __init__(self) -> None:
        self._broken: set[int] = set()

    def commit(self, ports: LogPorts, *, livemode: bool) -> int:
        """Commit to what was shipped on one side; how many segments. Safe to run twice, at once.

        Raises:
            StoreUnavailableError, LogError, DatabaseError: nothing was committed in this round.
        """
        rows = waiting_segments(livemode, limit=MAX_SEGMENTS - READ_AT_ONCE)
        undigested = waiting_undigested(livemode, limit=READ_AT_ONCE, without=self._broken)
        if not rows and not undigested:
            return 0
        last = last_commitment(livemode)
        if last is not None and read_head(livemode).read_at - last.at < _TURN:
            return 0
        waiting = [_named(row, str(row.object_sha256)) for row in rows]
        for row in undigested:
            digest = _digest(row, ports.objects)
            if digest is not None:
                waiting.append(_named(row, digest))
            elif len(self._broken) < MOST_BROKEN:
                self._broken.add(row.pk)
        return commit_ledger(waiting, livemode=livemode, ports=ports)


def _named(row: LedgerSegment, object_sha256: str) -> WaitingSegment:
    return WaitingSegment(
        id=row.pk,
        segment=CommittedSegment(
            node=row.node,
            boot=row.boot,
            segment=row.segment,
            first=row.first,
            count=row.count,
            root=row.root,
            chain=row.chain,
            object=object_sha256,
        ),
        previous=row.previous,
        sealed_at=row.sealed_at,
        shipped_at=row.shipped_at,
    )


def _digest(row: LedgerSegment, objects: ObjectStore) -> str | None:
    """Of the segment in the store, if it is still the one that was shipped; `ledger gaps --read` says the same."""
    key = SegmentName(livemode=row.livemode, boot=row.boot, segment=row.segment).object_key
    try:
        data = objects.get(key)
        root = read_sealed(data).root
    except (ObjectMissingError, SegmentBrokenError) as exc:
        _logger.error("%s cannot be committed to: %s", key, exc)  # `ledger gaps --read` says more
        return None
    if (root.boot, root.segment, root.root, root.chain) != (row.boot, row.segment, row.root, row.chain):
        _logger.error("%s cannot be committed to: it is not what was shipped", key)
        return None
    return hashlib.sha256(data).hexdigest()
