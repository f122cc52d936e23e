"""What the history has committed to of the decision ledger, and what it has not yet."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.log.errors import HistoryBrokenError
from consent.log.events import OpenedEvent, open_event
from consent.log.models import Event
from consent.log.ports import LogPorts
from consent.registry.models.ledger import LedgerCommitment as CommitmentRow
from consent.registry.models.ledger import LedgerRun, LedgerSegment
from signing.ledger_commitment import LedgerCommitment

CLOCKS = timedelta(seconds=60)  # by which a node's instants may be ahead of the primary's
MOST_LOOKED_AT = (
    100  # a segment that came in time is named within two minutes, that is about twelve commitments
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """One of a side: what it says, its number, its event, and when."""

    livemode: bool
    said: LedgerCommitment
    event: str
    at: datetime

    @property
    def number(self) -> int:
        """Counted from 0 on each side."""
        return self.said.number


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedEvent:
    """The event of a commitment, opened, and where it stands: `seq` is the index of its entry in the log."""

    opened: OpenedEvent
    seq: int


def last_commitment(livemode: bool) -> Commitment | None:
    """The newest of a side."""
    row = CommitmentRow.objects.filter(livemode=livemode).order_by("-number").first()
    return None if row is None else _commitment(row)


def commitments_since(since: datetime) -> Iterator[Commitment]:
    """Those from then on, of both sides, each side's in order, the one before the first of a side with it."""
    for livemode in (True, False):
        rows = CommitmentRow.objects.filter(livemode=livemode)
        first = rows.filter(committed_at__gte=since).order_by("number").first()
        if first is not None:
            for row in rows.filter(number__gte=first.number - 1).order_by("number").iterator():
                yield _commitment(row)


def naming(*, livemode: bool, boot: str, segment: int, sealed_at: datetime) -> Sequence[Commitment]:
    """The commitments of which one names that segment, the likeliest first; none if it is not committed to yet."""
    run = LedgerRun.objects.filter(
        livemode=livemode, boot=boot, first_segment__lte=segment, last_segment__gte=segment
    ).first()
    if run is None:
        return []
    rows = CommitmentRow.objects.filter(
        livemode=livemode, number__gte=run.first_commitment, number__lte=run.last_commitment
    )
    if run.first_commitment < run.last_commitment:
        rows = rows.filter(committed_at__gte=sealed_at - CLOCKS)
    return [_commitment(row) for row in rows.order_by("number")[:MOST_LOOKED_AT]]


def is_committed(*, livemode: bool, boot: str, segment: int) -> bool:
    """Whether a commitment names that segment."""
    return LedgerRun.objects.filter(
        livemode=livemode, boot=boot, first_segment__lte=segment, last_segment__gte=segment
    ).exists()


def waiting_segments(livemode: bool, *, limit: int) -> Sequence[LedgerSegment]:
    """Rows of shipped segments that no commitment names yet, in the order in which they came."""
    rows = LedgerSegment.objects.filter(livemode=livemode, object_sha256__isnull=False)
    return list(rows.order_by("id")[:limit])


def waiting_undigested(
    livemode: bool, *, limit: int, without: Collection[int] = ()
) -> Sequence[LedgerSegment]:
    """The same of those that a former version shipped, which wrote no digests down."""
    rows = LedgerSegment.objects.filter(livemode=livemode, object_sha256=None).exclude(id__in=without)
    return list(rows.order_by("id")[:limit])


def event_of(commitment: Commitment, *, ports: LogPorts) -> CommittedEvent:
    """Its event, which must say the same.

    Raises:
        HistoryBrokenError: there is none, or it says something else.
        SealError, KeyStoreError: it cannot be opened.
    """
    row = Event.objects.filter(event_id=commitment.event, livemode=commitment.livemode).first()
    if row is None:
        raise HistoryBrokenError(f"ledger commitment {commitment.number} has no event {commitment.event}")
    opened = open_event(row, ports=ports)
    if opened.event["body"] != commitment.said.to_body():
        raise HistoryBrokenError(f"event {commitment.event} is not of ledger commitment {commitment.number}")
    return CommittedEvent(opened=opened, seq=row.seq)


def _commitment(row: CommitmentRow) -> Commitment:
    said = LedgerCommitment(
        number=row.number, count=row.count, list=row.list, root=row.root, previous=row.previous
    )
    return Commitment(livemode=row.livemode, said=said, event=row.event, at=row.committed_at)
