"""Is what the ledger says it has really there: segments on this machine, those in the object store, commitments."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consent.check.ledger.errors import SegmentBrokenError
from consent.check.ledger.folder import SegmentName, segments, side_name
from consent.check.ledger.reading import SealedSegment, read_sealed
from consent.log.errors import (
    HistoryBrokenError,
    KeyMissingError,
    ObjectMissingError,
    RecordDestroyedError,
    SealError,
)
from consent.log.objects import ObjectStore
from consent.log.ports import LogPorts
from consent.registry.ledger_objects import list_key
from consent.registry.models import LedgerSegment
from consent.registry.queries.commitments import Commitment, commitments_since, event_of
from signing.errors import SigningError
from signing.ledger_commitment import check_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A segment that is not what it should be: where it is, and why."""

    place: str
    why: str


def damaged_here(folder: Path) -> Iterator[Damage]:
    """Sealed segments of this machine that cannot be read, and so are never shipped."""
    for name in segments(folder, "sealed"):
        path = name.path(folder, "sealed")
        try:
            _named(read_sealed(path.read_bytes()), name)
        except FileNotFoundError:
            continue  # shipped just now
        except (SegmentBrokenError, OSError) as exc:
            yield Damage(place=str(path), why=_reason(exc))


def damaged_in_store(objects: ObjectStore, *, since: datetime) -> Iterator[Damage]:
    """Segments shipped from `since` on that the object store does not have as they were shipped, and that no
    commitment names yet; reads all of them.

    Raises:
        StoreUnavailableError: the store does not answer, so nothing can be said.
    """
    rows = LedgerSegment.objects.filter(shipped_at__gte=since).order_by("livemode", "boot", "segment")
    for row in rows.iterator():
        name = SegmentName(livemode=row.livemode, boot=row.boot, segment=row.segment)
        try:
            segment = _named(read_sealed(objects.get(name.object_key)), name)
            if (segment.root.root, segment.root.chain) != (row.root, row.chain):
                raise SegmentBrokenError("it is not the segment that was shipped")
        except ObjectMissingError:
            yield Damage(place=name.object_key, why="missing")
        except SegmentBrokenError as exc:
            yield Damage(place=name.object_key, why=_reason(exc))


def damaged_commitments(ports: LogPorts, *, since: datetime, read: bool) -> Iterator[Damage]:
    """Commitments from `since` on that do not follow each other, or whose event says something else.

    With `read` also their lists, and every segment that these name, which must be in the store to the byte.

    Raises:
        StoreUnavailableError, KeyStoreUnavailableError: a store does not answer, so nothing can be said.
    """
    before: Commitment | None = None
    for each in commitments_since(since):
        place = f"{side_name(each.livemode)} commitment {each.number}"
        if before is not None and before.livemode == each.livemode:
            if each.number != before.number + 1:
                yield Damage(place=place, why=f"the one before it is {before.number}")
            elif each.said.previous != before.said.digest:
                yield Damage(place=place, why="it does not name the one before it")
        before = each
        try:
            event_of(each, ports=ports)
        except (HistoryBrokenError, KeyMissingError, RecordDestroyedError, SealError) as exc:
            yield Damage(place=place, why=str(exc))
        if read:
            yield from _not_in_store(each, ports.objects)


def _not_in_store(commitment: Commitment, objects: ObjectStore) -> Iterator[Damage]:
    key = list_key(commitment.said.list, livemode=commitment.livemode)
    try:
        segments = check_list(objects.get(key), expected=commitment.said)
    except ObjectMissingError:
        yield Damage(place=key, why="missing")
        return
    except SigningError as exc:
        yield Damage(place=key, why=str(exc))
        return
    for each in segments:
        name = SegmentName(livemode=commitment.livemode, boot=each.boot, segment=each.segment)
        try:
            data = objects.get(name.object_key)
        except ObjectMissingError:
            yield Damage(place=name.object_key, why="missing")
            continue
        if hashlib.sha256(data).hexdigest() != each.object:
            yield Damage(place=name.object_key, why="it is not the segment that was committed to")


def _named(segment: SealedSegment, name: SegmentName) -> SealedSegment:
    root = segment.root
    if (root.livemode, root.boot, root.segment) != (name.livemode, name.boot, name.segment):
        raise SegmentBrokenError("it holds another segment")
    return segment


def _reason(exc: Exception) -> str:
    return (exc.strerror or "cannot be read") if isinstance(exc, OSError) else str(exc)
