"""What happened to one consent: for the performer with whoever did it, for the licensee without (DECIDING 19)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.core.states import GrantState
from consent.log.errors import RecordDestroyedError
from consent.log.events import open_event
from consent.log.models import Event
from consent.registry.errors import NotFound
from consent.registry.models import Grant, GrantEnding, GrantHold, PendingRevocation
from consent.registry.ports import RegistryPorts
from consent.registry.queries.grants import wait_until_told
from consent.registry.queries.pages import wait_for_performer

MAX_HOLDS = 100  # of one timeline, the newest
_OWN = ("key", "link", "passkey", "session")  # authorities by which the performer acts


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One step.

    `what`: offered, viewed, signed, confirmed, active, paused, resumed, ending_begun, ending_cancelled,
    revoked, rescinded, expired, superseded, voided; to a licensee every ending reads `ended`.
    `by`: "performer", "licensee", "registry", "operator" or the holder; `how`: the authority (passkey, key,
    session, link, operator, clock, successor); `reason`: an operator's words. A licensee is told none of them.
    """

    at: datetime
    what: str
    by: str | None = None
    how: str | None = None
    reason: str | None = None


def timeline(ports: RegistryPorts, *, performer: UUID, grant: str) -> Sequence[TimelineEntry]:
    """Everything that happened to a consent, newest first; waits until every stop in it is enforced.

    Raises:
        NotFound: not this performer's.
    """
    row = Grant.objects.select_related("offer").filter(id=grant, performer_id=performer).first()
    if row is None:
        raise NotFound("no such grant")
    entries = [*_begin(row), *_holds(row, ports), *_pending(row), *_endings(row, ports)]
    wait_for_performer(ports, performer=performer)
    return _newest_first(entries)


def licensee_timeline(
    ports: RegistryPorts, *, livemode: bool, organization: str, grant: str
) -> Sequence[TimelineEntry]:
    """The same as the licensee reads it: every stop alike, without author or reason, newest first.

    Two who pause at once read as one pause, from the first to the last.

    Raises:
        NotFound: not a grant to this organization.
    """
    row = (
        Grant.objects.select_related("offer")
        .filter(id=grant, organization_id=organization, livemode=livemode)
        .first()
    )
    if row is None:
        raise NotFound("no such grant")
    entries = [
        TimelineEntry(at=entry.at, what=entry.what) for entry in _begin(row) if entry.what != "confirmed"
    ]
    steps: list[tuple[datetime, int]] = []
    for hold in GrantHold.objects.filter(grant=row).order_by("-id")[:MAX_HOLDS]:
        steps.append((hold.placed_at, 1))
        if hold.lifted_at is not None:
            steps.append((hold.lifted_at, -1))
    held = 0
    for at, change in sorted(steps, key=lambda step: (step[0], -step[1])):
        before, held = held, held + change
        if (before == 0) != (held == 0):
            entries.append(TimelineEntry(at=at, what="paused" if held else "resumed"))
    if row.ended_at is not None:
        entries.append(TimelineEntry(at=row.ended_at, what="ended"))
    elif ports.clock() >= row.valid_until:
        entries.append(TimelineEntry(at=row.valid_until, what="ended"))
    wait_until_told([row], ports)
    return _newest_first(entries)


def _begin(grant: Grant) -> list[TimelineEntry]:
    signed_with = "passkey" if grant.method == "webauthn" else "key"
    steps = (
        (grant.offer.sent_at, "offered", "licensee", None),
        (grant.offer.viewed_at, "viewed", "performer", None),
        (grant.signed_at, "signed", "performer", signed_with),
        (grant.confirmed_at, "confirmed", "performer", "passkey"),
        (grant.activated_at, "active", "registry", None),
    )
    return [TimelineEntry(at=at, what=what, by=by, how=how) for at, what, by, how in steps if at is not None]


def _holds(grant: Grant, ports: RegistryPorts) -> list[TimelineEntry]:
    entries = []
    for hold in GrantHold.objects.filter(grant=grant).order_by("-id")[:MAX_HOLDS]:
        reason = _reason(hold.event, ports) if hold.authority == "operator" else None
        entries.append(
            TimelineEntry(at=hold.placed_at, what="paused", by=hold.holder, how=hold.authority, reason=reason)
        )
        if hold.lifted_at is not None:
            entries.append(TimelineEntry(at=hold.lifted_at, what="resumed", by=hold.holder))
    return entries


def _pending(grant: Grant) -> list[TimelineEntry]:
    entries = []
    for begun in PendingRevocation.objects.filter(grant=grant).order_by("-begun_at")[:MAX_HOLDS]:
        entries.append(
            TimelineEntry(at=begun.begun_at, what="ending_begun", by="performer", how=begun.authority)
        )
        if begun.outcome == "cancelled" and begun.closed_at is not None:
            entries.append(
                TimelineEntry(at=begun.closed_at, what="ending_cancelled", by="performer", how="passkey")
            )
    return entries


def _endings(grant: Grant, ports: RegistryPorts) -> list[TimelineEntry]:
    entries = []
    for ending in GrantEnding.objects.filter(grant=grant).order_by("id"):
        by = "performer" if ending.authority in _OWN else ending.authority
        by = {"clock": "registry", "successor": "performer"}.get(by, by)
        reason = _reason(ending.event, ports) if ending.authority == "operator" else None
        entries.append(
            TimelineEntry(at=ending.ended_at, what=ending.outcome, by=by, how=ending.authority, reason=reason)
        )
    if not entries and ports.clock() >= grant.valid_until:
        # The sweep has not come by yet; the answer is "no" already.
        entries.append(
            TimelineEntry(at=grant.valid_until, what=GrantState.EXPIRED.value, by="registry", how="clock")
        )
    return entries


def _reason(event: str, ports: RegistryPorts) -> str | None:
    """The words in a sealed event; None if there are none, or it was erased."""
    row = Event.objects.filter(event_id=event).first()
    if row is None:
        return None
    try:
        body = open_event(row, ports=ports.log).event["body"]
    except RecordDestroyedError:
        return None
    reason = body.get("reason")
    return reason if isinstance(reason, str) else None


def _newest_first(entries: list[TimelineEntry]) -> Sequence[TimelineEntry]:
    """By instant; what was noted later in one instant stands above."""
    order = {id(entry): place for place, entry in enumerate(entries)}
    return sorted(entries, key=lambda entry: (entry.at, order[id(entry)]), reverse=True)
