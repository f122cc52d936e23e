"""Receipts out of sealed segments: from this machine while they are here, from the object store for ever."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from consent.check.ledger.decision_ids import DecisionIds, RecordName
from consent.check.ledger.draft import FoundDecision
from consent.check.ledger.errors import SegmentBrokenError
from consent.check.ledger.folder import SegmentName
from consent.check.ledger.segment_file import Scanned, scan_sealed
from consent.log.errors import ObjectMissingError
from consent.log.objects import ObjectStore
from consent.registry.errors import NotFound
from signing.errors import SigningError
from signing.ledger_record import LedgerRecord, read_record
from signing.ledger_root import LedgerReceipt, LedgerRoot, format_ledger_receipt
from signing.merkle import leaf_hash, proof_in_levels, tree_levels
from signing.receipt_claims import Receipt

CACHED_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSegment:
    """A segment whose records are those of its root."""

    data: bytes
    scanned: Scanned
    root: LedgerRoot
    levels: Sequence[Sequence[bytes]]

    def record(self, index: int) -> LedgerRecord:
        """One record. Raises IndexError, or SegmentBrokenError where it is malformed."""
        try:
            return read_record(
                self.data[self.scanned.records[index]],
                issuer=self.root.issuer,
                livemode=self.root.livemode,
                node=self.root.node,
            )
        except SigningError as exc:
            raise SegmentBrokenError(f"record {index} of a segment is malformed: {exc}") from exc

    def receipt(self, index: int) -> str:
        """The receipt of a record."""
        assert self.scanned.root is not None
        return format_ledger_receipt(
            LedgerReceipt(
                root=self.scanned.root,
                record=self.data[self.scanned.records[index]],
                proof=tuple(proof_in_levels(index, self.levels)),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenRecord:
    """A record, and the hashes that lead from it to its segment's root."""

    record: bytes
    path: tuple[bytes, ...]
    root: LedgerRoot


def read_sealed(data: bytes) -> SealedSegment:
    """The segment of these bytes; SegmentBrokenError with the position if it does not hold together."""
    scanned, root = scan_sealed(data)
    levels = tree_levels([leaf_hash(each) for each in scanned.digests])
    return SealedSegment(data=data, scanned=scanned, root=root, levels=levels)


class LedgerReader:
    """Finds decisions by their ids. Safe to share between threads; keeps some segments in memory."""

    def __init__(self, folder: Path, *, objects: ObjectStore, ids: Callable[[bool], DecisionIds]) -> None:
        self._folder = folder
        self._objects = objects
        self._ids = {side: ids(side) for side in (True, False)}
        self._lock = threading.Lock()
        self._cached: OrderedDict[SegmentName, SealedSegment] = OrderedDict()

    def __repr__(self) -> str:
        return "LedgerReader()"

    def name(self, decision: str, *, livemode: bool) -> RecordName | None:
        """The record that an id names, were it of that side."""
        return self._ids[livemode].read(decision)

    def find(self, decision: str, *, organization: str, livemode: bool) -> FoundDecision:
        """One of the organization's own decisions with its receipt.

        Raises:
            NotFound: anybody else's, none, or one that is not sealed yet.
            StoreError, SegmentBrokenError: it cannot be read.
        """
        segment, index, receipt, row = self._own(decision, organization, livemode)
        item = receipt.items[row]
        return FoundDecision(
            decision=decision,
            outcome=item.decision,
            record_sha256=item.record_sha256,
            decided_at=receipt.issued_at,
            receipt=segment.receipt(index),
        )

    def proven(self, decision: str, *, organization: str, livemode: bool) -> ProvenRecord:
        """The record of one of the organization's own decisions, with its way up to the segment's root.

        Raises:
            NotFound, StoreError, SegmentBrokenError: as `find`.
        """
        segment, index, _, _ = self._own(decision, organization, livemode)
        return ProvenRecord(
            record=segment.data[segment.scanned.records[index]],
            path=tuple(proof_in_levels(index, segment.levels)),
            root=segment.root,
        )

    def _own(
        self, decision: str, organization: str, livemode: bool
    ) -> tuple[SealedSegment, int, Receipt, int]:
        """Segment, index of the record in it, what its receipt says, and the row of the decision in that."""
        name = self.name(decision, livemode=livemode)
        segment = None if name is None else self._segment(name, livemode)
        if name is None or segment is None or name.index >= len(segment.scanned.records):
            raise NotFound("no such decision")
        record = segment.record(name.index)
        receipt = record.receipt
        if receipt.audience != organization or receipt.livemode != livemode or name.row >= len(receipt.items):
            raise NotFound("no such decision")
        if receipt.items[name.row].decision_id != decision:
            raise NotFound("no such decision")
        return segment, name.index, receipt, name.row

    def _segment(self, name: RecordName, livemode: bool) -> SealedSegment | None:
        wanted = SegmentName(livemode=livemode, boot=name.boot, segment=name.segment)
        with self._lock:
            found = self._cached.get(wanted)
            if found is not None:
                self._cached.move_to_end(wanted)
                return found
        data = self._bytes(wanted)
        if data is None:
            return None
        found = read_sealed(data)
        said = (found.root.livemode, found.root.boot, found.root.segment)
        if said != (wanted.livemode, wanted.boot, wanted.segment):
            raise SegmentBrokenError(f"{wanted.object_key} holds another segment")
        with self._lock:
            self._cached[wanted] = found
            while (
                len(self._cached) > 1 and sum(len(each.data) for each in self._cached.values()) > CACHED_BYTES
            ):
                self._cached.popitem(last=False)
        return found

    def _bytes(self, wanted: SegmentName) -> bytes | None:
        # Twice: between two looks a segment may have gone from one place to the next, never back.
        for state in ("sealed", "shipped"):
            try:
                return wanted.path(self._folder, state).read_bytes()
            except OSError:
                continue
        try:
            return self._objects.get(wanted.object_key)
        except ObjectMissingError:
            return None
