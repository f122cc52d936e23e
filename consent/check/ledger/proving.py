"""One decision proven against the history: its record, its segment, the commitment that names it, and its event."""

from dataclasses import dataclass

from consent.check.ledger.errors import SegmentBrokenError
from consent.check.ledger.reading import LedgerReader
from consent.log.errors import ObjectMissingError
from consent.log.events import OpenedEvent
from consent.log.ports import LogPorts
from consent.registry.ledger_objects import list_key
from consent.registry.queries.commitments import Commitment, event_of, naming
from signing.errors import SigningError
from signing.ledger_commitment import (
    CommittedRecord,
    CommittedSegment,
    check_list,
    segment_path,
    verify_committed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerProof:
    """What proves a decision (SPEC §13.3 of `signing`), but for the log's own proof of the entry at `seq`.

    `committed` leads to the commitment that is `opened.event["body"]`; event and salt open `opened.entry`.
    """

    committed: CommittedRecord
    opened: OpenedEvent
    seq: int


def ledger_proof(
    decision: str, *, organization: str, livemode: bool, reader: LedgerReader, ports: LogPorts
) -> LedgerProof | None:
    """The proof of one of the organization's own decisions; None while the history has not committed to it.

    Raises:
        NotFound: anybody else's, none, or one that is not sealed yet.
        StoreError, SegmentBrokenError, HistoryBrokenError: what should be there is not, or is something else.
    """
    found = reader.proven(decision, organization=organization, livemode=livemode)
    root = found.root
    commitments = naming(livemode=livemode, boot=root.boot, segment=root.segment, sealed_at=root.sealed_at)
    for commitment in commitments:
        segments = _listed(commitment, ports)
        for index, segment in enumerate(segments):
            if (segment.boot, segment.segment) != (root.boot, root.segment):
                continue
            committed = CommittedRecord(
                record=found.record,
                record_path=found.path,
                segment=segment,
                index=index,
                segment_path=segment_path(segments, index),
            )
            try:
                verify_committed(committed, expected=commitment.said, issuer=root.issuer, livemode=livemode)
            except SigningError as exc:
                raise SegmentBrokenError(f"the segment is not the one that was committed to: {exc}") from exc
            event = event_of(commitment, ports=ports)
            return LedgerProof(committed=committed, opened=event.opened, seq=event.seq)
    if commitments:
        raise SegmentBrokenError(f"no commitment names segment {root.segment} of boot {root.boot}")
    return None


def _listed(commitment: Commitment, ports: LogPorts) -> tuple[CommittedSegment, ...]:
    key = list_key(commitment.said.list, livemode=commitment.livemode)
    try:
        return check_list(ports.objects.get(key), expected=commitment.said)
    except ObjectMissingError as exc:
        raise SegmentBrokenError(f"the list {key} is missing") from exc
    except SigningError as exc:
        raise SegmentBrokenError(f"the list {key} is damaged: {exc}") from exc
