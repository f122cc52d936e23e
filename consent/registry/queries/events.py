"""What happened, as each party may read it, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from consent.log.errors import RecordDestroyedError
from consent.log.events import open_event
from consent.log.models import Enforcement, Event
from consent.log.position import Position
from consent.registry.ports import RegistryPorts

# To a licensee every stop reads alike (DECIDING 19): what happened, never why or by whom.
_FOR_LICENSEE = {
    "grant.active": ("grant", "performer", "state"),
    "grant.ended": ("grant", "performer", "state"),
    "grant.paused": ("grant", "performer", "state"),
    "grant.resumed": ("grant", "performer", "state"),
    "grant.signed": ("grant", "performer", "state"),
    "offer.changes_requested": ("offer",),
    "offer.declined": ("offer",),
    "offer.sent": ("offer", "invitation", "actor"),
    "offer.viewed": ("offer",),
    "offer.withdrawn": ("offer", "actor"),
    "invitation.redeemed": ("offer", "invitation", "performer"),
}
# The performer's own affairs, though they concern the pair.
_NOT_FOR_LICENSEE = ("grant.confirmed", "grant.revocation_begun", "grant.revocation_cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event. `body` is None once the event was erased; `seq` orders, `position` is its token."""

    id: str
    kind: str
    livemode: bool
    at: datetime
    seq: int
    position: str
    body: Mapping[str, Any] | None


def events_of_organization(
    ports: RegistryPorts, *, livemode: bool, organization: str, before_seq: int | None = None, limit: int = 25
) -> list[EventView]:
    """The organization's own events and those of its pairs, without reasons or authors."""
    rows = Event.objects.filter(organization_id=organization, livemode=livemode).exclude(
        kind__in=_NOT_FOR_LICENSEE
    )
    views = []
    for view in _views(rows, ports, before_seq, limit):
        shown = _FOR_LICENSEE.get(view.kind)
        body = view.body
        if body is not None and shown is not None:
            body = {name: body[name] for name in shown if name in body}
        views.append(_with_body(view, body))
    return views


def events_of_performer(
    ports: RegistryPorts, *, performer: UUID, before_seq: int | None = None, limit: int = 25
) -> list[EventView]:
    """Everything that happened to a performer, with whoever did it."""
    return _views(Event.objects.filter(performer_id=str(performer)), ports, before_seq, limit)


def _views(
    rows: QuerySet[Event], ports: RegistryPorts, before_seq: int | None, limit: int
) -> list[EventView]:
    # A denial is told of when it is enforced, and not before (DESIGN §8).
    pending = Enforcement.objects.filter(enforced_at=None).values("event_id")
    rows = rows.exclude(event_id__in=pending)
    if before_seq is not None:
        rows = rows.filter(seq__lt=before_seq)
    return [_view(row, ports) for row in rows.order_by("-seq")[:limit]]


def _view(row: Event, ports: RegistryPorts) -> EventView:
    try:
        body: Mapping[str, Any] | None = open_event(row, ports=ports.log).event["body"]
    except RecordDestroyedError:
        body = None
    position = Position(livemode=row.livemode, seq=row.seq, chain=bytes(row.chain))
    return EventView(
        id=row.event_id,
        kind=row.kind,
        livemode=row.livemode,
        at=row.recorded_at,
        seq=row.seq,
        position=ports.log.tokens.encode(position),
        body=body,
    )


def _with_body(view: EventView, body: Mapping[str, Any] | None) -> EventView:
    return EventView(
        id=view.id,
        kind=view.kind,
        livemode=view.livemode,
        at=view.at,
        seq=view.seq,
        position=view.position,
        body=body,
    )
