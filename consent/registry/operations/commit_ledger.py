"""The history commits to segments of the decision ledger: one event over all that were shipped since the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db import connection
from django.db.models import F

from consent.log.events import NewEvent
from consent.log.families import side_label
from consent.log.ports import LogPorts
from consent.log.transaction import history_transaction
from consent.registry.ledger_objects import list_key
from consent.registry.models.ledger import LedgerCommitment as CommitmentRow
from consent.registry.models.ledger import LedgerRun, LedgerSegment
from consent.registry.queries.commitments import CLOCKS, last_commitment
from signing.ledger_commitment import KIND, NO_PREVIOUS, CommittedSegment, commit_list, write_list

LATE = timedelta(
    minutes=2
)  # what was sealed longer ago begins a run of its own, so that runs are found by time
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('consent ledger commitment'), %s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSegment:
    """A shipped segment that no commitment names yet, as it is to be named, and its row's own place and times."""

    id: int
    segment: CommittedSegment
    previous: str
    sealed_at: datetime
    shipped_at: datetime


def commit_ledger(waiting: Sequence[WaitingSegment], *, livemode: bool, ports: LogPorts) -> int:
    """Commit to these segments of one side; how many, none if another relay was quicker. Safe to run twice, at once.

    Raises:
        StoreUnavailableError, LogError, DatabaseError: nothing was committed.
    """
    if not waiting:
        return 0
    before = last_commitment(livemode)
    number, previous = (0, NO_PREVIOUS) if before is None else (before.number + 1, before.said.digest)
    data = write_list([each.segment for each in waiting])
    said = commit_list(data, number=number, previous=previous)
    ports.objects.put(list_key(said.list, livemode=livemode), data, immutable=True)
    # Crash after this line: a list that nobody names. The next round makes its own.
    with history_transaction(livemode, ports) as tx:
        if not _is_next(number, livemode=livemode):
            tx.nothing_changed()
            return 0
        for stretch in _stretches(waiting):
            _keep(stretch, number, livemode=livemode, at=tx.at)
        gone, _ = LedgerSegment.objects.filter(id__in=[each.id for each in waiting]).delete()
        if gone != len(waiting):  # somebody's rows, but no commitment: not ours to explain
            tx.nothing_changed()
            return 0
        event = tx.append(
            NewEvent(kind=KIND, body=said.to_body(), record=f"ledger-{side_label(livemode)}", denies=False)
        )
        CommitmentRow.objects.create(
            livemode=livemode,
            number=number,
            count=said.count,
            list=said.list,
            root=said.root,
            previous=said.previous,
            event=event,
            committed_at=tx.at,
        )
    return len(waiting)


def _is_next(number: int, *, livemode: bool) -> bool:
    """Whether nobody else commits now, or has since."""
    with connection.cursor() as cursor:
        cursor.execute(_ALONE, [int(livemode)])
        if cursor.fetchone() != (True,):
            return False
    last = last_commitment(livemode)
    return number == (0 if last is None else last.number + 1)


def _stretches(waiting: Sequence[WaitingSegment]) -> list[list[WaitingSegment]]:
    """Segments that follow each other, together."""
    ordered = sorted(waiting, key=lambda each: (each.segment.boot, each.segment.segment))
    found = [ordered[:1]]
    for one, other in pairwise(ordered):
        if _follows(one, other):
            found[-1].append(other)
        else:
            found.append([other])
    return found


def _follows(one: WaitingSegment, other: WaitingSegment) -> bool:
    return (other.segment.boot, other.segment.segment, other.segment.first, other.previous) == (
        one.segment.boot,
        one.segment.segment + 1,
        one.segment.first + one.segment.count,
        one.segment.chain,
    )


def _keep(stretch: Sequence[WaitingSegment], number: int, *, livemode: bool, at: datetime) -> None:
    """As a run of its own, or as more of one that it follows."""
    first, last = stretch[0].segment, stretch[-1].segment
    count = sum(each.segment.count for each in stretch)
    shipped_at = max(each.shipped_at for each in stretch)
    end = {"last_segment": last.segment, "chain": last.chain, "last_commitment": number}
    if all(-CLOCKS <= at - each.sealed_at <= LATE for each in stretch):
        grown = LedgerRun.objects.filter(
            livemode=livemode,
            boot=first.boot,
            last_segment=first.segment - 1,
            first=first.first - F("count"),
            chain=stretch[0].previous,
        ).update(count=F("count") + count, shipped_at=shipped_at, **end)
        if grown:
            return
    LedgerRun.objects.create(
        livemode=livemode,
        boot=first.boot,
        node=first.node,
        first_segment=first.segment,
        first=first.first,
        count=count,
        previous=stretch[0].previous,
        first_commitment=number,
        began_at=min(each.shipped_at for each in stretch),
        shipped_at=shipped_at,
        **end,
    )
