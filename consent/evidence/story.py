"""Reading what happened out of the stored history: every event opened against its entry, every statement against
its event."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from consent.evidence.happened import Happened, Said
from consent.evidence.replay import TERMS_IN_STATEMENTS, Replay, ReplayError
from consent.log.errors import HistoryBrokenError
from consent.log.events import ERASED, open_event
from consent.log.models import Event
from consent.registry.models import Statement
from consent.registry.operations.read_package import opened_statement
from consent.registry.ports import RegistryPorts
from signing.envelope import read_envelope
from signing.instants import parse_instant


def happened_to(
    ports: RegistryPorts, *, livemode: bool, performers: Collection[UUID], up_to: int
) -> Iterator[Happened]:
    """Everything that happened to these performers up to a position, in its order. Nothing of whoever was erased.

    Raises:
        HistoryBrokenError: an event does not open to its entry, or its statement has another digest.
        RecordDestroyedError, KeyStoreError, SealError: one cannot be opened.
    """
    rows = Event.objects.filter(
        livemode=livemode, performer_id__in=[str(each) for each in performers], seq__lte=up_to
    ).exclude(kind=ERASED)
    for row in rows.order_by("seq"):
        event = open_event(row, ports=ports.log).event
        body = event["body"]
        yield Happened(
            seq=row.seq,
            kind=row.kind,
            body=body,
            performer=row.performer_id,
            organization=row.organization_id,
            said=_statement(row, body, ports) if row.kind in TERMS_IN_STATEMENTS else None,
            at=parse_instant(event["at"]),
        )


def replayed(ports: RegistryPorts, *, livemode: bool, performers: Collection[UUID], up_to: int) -> Replay:
    """The history of these performers, followed up to a position.

    Raises:
        HistoryBrokenError: as `happened_to`, or it cannot be followed.
        RecordDestroyedError, KeyStoreError, SealError: one cannot be opened.
    """
    replay = Replay()
    try:
        for event in happened_to(ports, livemode=livemode, performers=performers, up_to=up_to):
            replay.follow(event)
    except ReplayError as exc:
        raise HistoryBrokenError(str(exc)) from exc
    return replay


def position_at(at: datetime, *, livemode: bool) -> int:
    """The last position that was recorded by that instant of the primary's clock; −1 if nothing had happened yet."""
    found = Event.objects.filter(livemode=livemode, recorded_at__lte=at).aggregate(last=Max("seq"))["last"]
    return -1 if found is None else int(found)


def _statement(row: Event, body: dict[str, Any], ports: RegistryPorts) -> Said:
    statement = Statement.objects.filter(id=body["statement"], event=row.event_id).first()
    if statement is None:
        raise HistoryBrokenError(f"event {row.event_id} names a statement that is not kept")
    envelope = read_envelope(opened_statement(statement, ports)["envelope"])
    if envelope.body_sha256 != body["body_sha256"]:
        raise HistoryBrokenError(f"event {row.event_id} is of other bytes than statement {statement.id}")
    return Said(body=envelope.body, received_at=statement.received_at)
