"""Sealed segments go to the object store and are counted; then this machine need not keep them."""

import contextlib
import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from consent.check.ledger.counting import counted
from consent.check.ledger.errors import LedgerError, SegmentBrokenError
from consent.check.ledger.folder import SegmentName, segments
from consent.check.ledger.reading import SealedSegment, read_sealed
from consent.log.errors import ImmutableError
from consent.log.objects import ObjectStore
from consent.registry.operations.record_segment import CountedDecision, ShippedSegment, record_segment

KEPT_S = 300.0  # after shipping; meanwhile this machine answers receipts without the object store
AT_ONCE = 500  # segments of one turn
_logger = logging.getLogger(__name__)


def ship(folder: Path, *, objects: ObjectStore, clock: Callable[[], datetime]) -> int:
    """Ship what is sealed; how many segments. Safe to run twice, at once. One that is broken stays, and is told.

    Raises:
        StoreUnavailableError, LedgerError, DatabaseError: what was shipped stays shipped.
    """
    done = 0
    for name in list(segments(folder, "sealed"))[:AT_ONCE]:
        try:
            done += _ship_one(folder, name, objects, clock)
        except (SegmentBrokenError, ImmutableError):
            _logger.exception("%s cannot be shipped", name.object_key)
    return done


def remove_shipped(folder: Path, *, older_than_s: float = KEPT_S) -> int:
    """Remove what was shipped so long ago; how many."""
    done = 0
    try:
        for name in list(segments(folder, "shipped")):
            path = name.path(folder, "shipped")
            if time.time() - path.stat().st_mtime > older_than_s:
                path.unlink(missing_ok=True)
                done += 1
    except OSError as exc:
        raise LedgerError(f"shipped segments cannot be removed: {exc.strerror}") from exc
    return done


def unshipped(folder: Path) -> tuple[int, float]:
    """How many segments wait here to be shipped, and the age of the oldest in seconds."""
    now, ages = time.time(), [0.0]
    for name in segments(folder, "sealed"):
        with contextlib.suppress(OSError):  # shipped just now
            ages.append(now - name.path(folder, "sealed").stat().st_mtime)
    return len(ages) - 1, max(ages)


def _ship_one(folder: Path, name: SegmentName, objects: ObjectStore, clock: Callable[[], datetime]) -> int:
    path = name.path(folder, "sealed")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0  # another relay was quicker
    except OSError as exc:
        raise LedgerError(f"a segment cannot be read: {exc.strerror}") from exc
    segment = read_sealed(data)
    root = segment.root
    if (root.livemode, root.boot, root.segment) != (name.livemode, name.boot, name.segment):
        raise SegmentBrokenError(f"{path.name} holds another segment")
    # Crash after any of these lines: the next turn does it again, and each of them once is enough.
    objects.put(name.object_key, data, immutable=True)
    record_segment(_shipped(segment), decisions=_decisions(segment), shipped_at=clock())
    try:
        path.rename(name.path(folder, "shipped"))
    except FileNotFoundError:
        return 0
    except OSError as exc:
        raise LedgerError(f"a segment cannot be set aside: {exc.strerror}") from exc
    return 1


def _shipped(segment: SealedSegment) -> ShippedSegment:
    root = segment.root
    return ShippedSegment(
        livemode=root.livemode,
        boot=root.boot,
        segment=root.segment,
        node=root.node,
        first=root.first,
        count=root.count,
        root=root.root,
        previous=root.previous,
        chain=root.chain,
        dropped=root.dropped,
        object_sha256=hashlib.sha256(segment.data).hexdigest(),
        sealed_at=root.sealed_at,
    )


def _decisions(segment: SealedSegment) -> Iterator[CountedDecision]:
    for place in segment.scanned.records:
        record = counted(segment.data[place])
        for item in record.items:
            yield CountedDecision(
                day=record.issued_at.date(),
                organization=record.audience,
                performers=item.performers,
                grants=item.grants,
                allowed=item.decision == "allow",
            )
