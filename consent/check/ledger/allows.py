"""Every allow of the ledger since an instant, for whoever audits them: each sealed segment once, wherever it is."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from consent.check.ledger.errors import SegmentBrokenError
from consent.check.ledger.folder import SegmentName, segments
from consent.check.ledger.inspecting import Damage
from consent.check.ledger.reading import SealedSegment, read_sealed
from consent.evidence.late_allows import Allow
from consent.log.errors import ObjectMissingError
from consent.log.objects import ObjectStore
from consent.log.ports import LogPorts
from consent.registry.ledger_objects import list_key
from consent.registry.models import LedgerSegment
from consent.registry.queries.commitments import commitments_since
from signing.errors import SigningError
from signing.ledger_commitment import check_list


def allows_since(
    ports: LogPorts, folder: Path, *, since: datetime, damaged: Callable[[Damage], None]
) -> Iterator[Allow]:
    """The allows in what was sealed here and not shipped, shipped since then, and committed to since then.

    What cannot be read is handed to `damaged`, and the rest goes on.

    Raises:
        StoreUnavailableError: the store does not answer, so nothing can be said.
    """
    seen: set[SegmentName] = set()
    for name in _names(ports, folder, since=since, damaged=damaged):
        if name in seen:
            continue
        seen.add(name)
        try:
            segment = read_sealed(_bytes(ports.objects, folder, name))
            yield from _allows(segment)
        except ObjectMissingError:
            damaged(Damage(place=name.object_key, why="missing"))
        except SegmentBrokenError as exc:
            damaged(Damage(place=name.object_key, why=str(exc)))


def _names(
    ports: LogPorts, folder: Path, *, since: datetime, damaged: Callable[[Damage], None]
) -> Iterator[SegmentName]:
    # In the order in which a segment wanders, so that one on its way is met at least once.
    yield from segments(folder, "sealed")
    rows = LedgerSegment.objects.filter(shipped_at__gte=since).order_by("livemode", "boot", "segment")
    for row in rows.iterator():
        yield SegmentName(livemode=row.livemode, boot=row.boot, segment=row.segment)
    for commitment in commitments_since(since):
        key = list_key(commitment.said.list, livemode=commitment.livemode)
        try:
            listed = check_list(ports.objects.get(key), expected=commitment.said)
        except (ObjectMissingError, SigningError) as exc:
            damaged(Damage(place=key, why=str(exc)))
            continue
        for each in listed:
            yield SegmentName(livemode=commitment.livemode, boot=each.boot, segment=each.segment)


def _bytes(objects: ObjectStore, folder: Path, name: SegmentName) -> bytes:
    try:
        return name.path(folder, "sealed").read_bytes()
    except OSError:
        return objects.get(name.object_key)


def _allows(segment: SealedSegment) -> Iterator[Allow]:
    for index in range(len(segment.scanned.records)):
        receipt = segment.record(index).receipt
        for item in receipt.items:
            if item.allowed:
                yield Allow(
                    livemode=receipt.livemode,
                    decision=item.decision_id,
                    licensee=receipt.licensee,
                    grants=item.grants,
                    seq=receipt.seq,
                    as_of=receipt.as_of,
                )
