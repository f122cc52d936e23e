"""A performer's account as pages list it: counts, consents and requests, cheap however many there are.

Nothing is unsealed for a list. What tells of a stop is told when the stop is enforced (DESIGN §8): the rows
are read first, and then whatever of this performer is not enforced yet is waited for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from consent.core.states import confirmable_from
from consent.log.models import Enforcement, Event
from consent.registry.lifecycle import due_at
from consent.registry.models import Grant, GrantHold, Offer, PendingRevocation
from consent.registry.models.grant import LIVING
from consent.registry.ports import RegistryPorts
from consent.registry.queries.grants import wait_all_enforced
from consent.registry.stored_json import from_bytes

OPEN_OFFERS = ("offered", "viewed")


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCounts:
    """What the first page says: companies that may use something now, and how the consents stand."""

    companies: int
    active: int
    paused: int
    signed: int
    requests: int
    ending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """One consent. `reads` is "signed", "active", "paused" or "ended"; `state` says how it ended.

    `holders` are those who pause it ("performer", "operator", "guild:…", "order:…", an organization);
    `ending_at` when an ending begun by a mailed link is final. `confirm_from` is set while a confirmation is
    awaited; `active_from` when a signed consent becomes active by itself.
    """

    grant: str
    offer: str
    organization: str
    organization_name: str
    performer_name: str
    uses: tuple[str, ...]
    adult: bool
    state: str
    reads: str
    since: datetime
    signed_at: datetime
    valid_from: datetime
    valid_until: datetime
    ended_at: datetime | None
    holders: tuple[str, ...]
    ending: str | None
    ending_at: datetime | None
    confirm_from: datetime | None
    active_from: datetime | None
    grant_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentsPage:
    """Some consents, newest first, and after which one the next page begins."""

    rows: tuple[ConsentRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request that waits for the performer's answer."""

    offer: str
    organization: str
    organization_name: str
    performer_name: str
    uses: tuple[str, ...]
    state: str
    sent_at: datetime
    viewed_at: datetime | None


def home_counts(ports: RegistryPorts, *, performer: UUID) -> HomeCounts:
    """Count what stands now."""
    standing = Grant.objects.filter(performer_id=performer, state__in=LIVING, valid_until__gt=ports.clock())
    counts = standing.aggregate(
        companies=Count("organization_id", filter=Q(state="active"), distinct=True),
        active=Count("state", filter=Q(state="active")),
        paused=Count("state", filter=Q(state="suspended")),
        signed=Count("state", filter=Q(state="signed")),
    )
    requests = Offer.objects.filter(performer_id=performer, state__in=OPEN_OFFERS).count()
    ending = PendingRevocation.objects.filter(performer_id=performer, closed_at=None).count()
    wait_for_performer(ports, performer=performer)
    return HomeCounts(**counts, requests=requests, ending=ending)


def consents_page(
    ports: RegistryPorts,
    *,
    performer: UUID,
    after: str | None = None,
    limit: int = 25,
    standing: bool | None = None,
) -> ConsentsPage:
    """The performer's consents, newest first; `after` is the last grant of the page before.

    `standing` leaves out those that ended (True) or those that did not (False).
    """
    rows = _consents(performer)
    if standing is not None:
        rows = rows.filter(state__in=LIVING) if standing else rows.exclude(state__in=LIVING)
    last = None if after is None else Grant.objects.filter(id=after, performer_id=performer).first()
    if last is not None:
        rows = rows.filter(signed_at__lte=last.signed_at).exclude(
            Q(signed_at=last.signed_at, id__lte=last.id)
        )
    found = list(rows[: limit + 1])
    listed = _rows(found[:limit], at=ports.clock())
    wait_for_performer(ports, performer=performer)
    return ConsentsPage(rows=tuple(listed), next=found[limit - 1].id if len(found) > limit else None)


def consent(ports: RegistryPorts, *, performer: UUID, grant: str) -> ConsentRow | None:
    """One consent of this performer; None if it is not theirs."""
    listed = _rows(list(_consents(performer).filter(id=grant)), at=ports.clock())
    wait_for_performer(ports, performer=performer)
    return listed[0] if listed else None


def requests_open(ports: RegistryPorts, *, performer: UUID, limit: int = 100) -> Sequence[RequestRow]:
    """Requests that wait for an answer, newest first."""
    rows = (
        Offer.objects.select_related("organization")
        .filter(performer_id=performer, state__in=OPEN_OFFERS)
        .order_by("-sent_at", "id")
    )
    return [
        RequestRow(
            offer=row.id,
            organization=row.organization_id,
            organization_name=row.organization.legal_name,
            performer_name=row.performer_name,
            uses=_uses(row.terms),
            state=row.state,
            sent_at=row.sent_at or row.created_at,
            viewed_at=row.viewed_at,
        )
        for row in rows[:limit]
    ]


def wait_for_performer(ports: RegistryPorts, *, performer: UUID) -> None:
    """Wait for every denial of this performer that is not enforced yet, after rows were read that may tell of it.

    Costs one query where nothing is pending.
    """
    pending = Enforcement.objects.filter(enforced_at=None).values("event_id")
    own = Event.objects.filter(performer_id=str(performer), event_id__in=pending)
    wait_all_enforced(list(own.values_list("event_id", flat=True)), ports)


def _consents(performer: UUID) -> QuerySet[Grant]:
    return (
        Grant.objects.select_related("organization", "offer")
        .filter(performer_id=performer)
        .defer("seal", "exclusive", "offer__terms", "offer__metadata")
        .order_by("-signed_at", "id")
    )


def _rows(grants: Sequence[Grant], *, at: datetime) -> list[ConsentRow]:
    ids = [grant.id for grant in grants]
    holders: dict[str, list[str]] = {}
    held = GrantHold.objects.filter(grant__in=ids, lifted_at=None).order_by("placed_at", "id")
    for grant, holder in held.values_list("grant_id", "holder"):
        holders.setdefault(grant, []).append(holder)
    begun = PendingRevocation.objects.filter(grant__in=ids, closed_at=None)
    endings = {row.grant_id: row for row in begun}
    return [_row(grant, holders.get(grant.id, ()), endings.get(grant.id), at=at) for grant in grants]


def _row(
    grant: Grant, holders: Sequence[str], ending: PendingRevocation | None, *, at: datetime
) -> ConsentRow:
    reads = {"active": "active", "suspended": "paused", "signed": "signed"}.get(grant.state, "ended")
    if at >= grant.valid_until:
        reads = "ended"
    waits = reads == "signed"
    confirm_from = None
    if waits and grant.confirmed_at is None and (grant.adult or grant.unrepresented):
        confirm_from = confirmable_from(
            signed_at=grant.signed_at, adult=grant.adult, unrepresented=grant.unrepresented
        )
    return ConsentRow(
        grant=grant.id,
        offer=grant.offer_id,
        organization=grant.organization_id,
        organization_name=grant.organization.legal_name,
        performer_name=grant.performer_name or grant.offer.performer_name,
        uses=_uses(grant.terms),
        adult=grant.adult,
        state=grant.state,
        reads=reads,
        since=grant.valid_until if reads == "ended" and grant.ended_at is None else grant.state_at,
        signed_at=grant.signed_at,
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        ended_at=grant.ended_at,
        holders=tuple(holders),
        ending=None if ending is None else ending.id,
        ending_at=None if ending is None else ending.due_at,
        confirm_from=confirm_from,
        active_from=due_at(grant) if waits else None,
        grant_sha256=grant.grant_sha256,
    )


def _uses(terms: bytes | memoryview) -> tuple[str, ...]:
    """The uses that the lines of stored terms name, sorted."""
    lines = from_bytes(terms).get("lines") or ()
    return tuple(sorted({use for line in lines for use in line.get("uses", ())}))
