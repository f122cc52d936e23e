"""An organization's first page: how its consents stand, what waits, and what runs out soon."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Count
from django.http import HttpResponse

from consent.core.states import GrantState, licensee_view
from consent.log.models import Enforcement, Event
from consent.registry.models import Grant, Offer
from consent.registry.queries.grants import wait_all_enforced
from consent.web.organization import roles
from consent.web.organization.consents import ConsentLine, grants, lines
from consent.web.organization.offers import OfferLine, offer_lines
from consent.web.organization.roles import may
from consent.web.organization.side import SidePage, open_sides
from consent.web.page import Page
from consent.web.who import SignedInMember

SOON: Final = timedelta(days=60)
WAITING: Final = ("changes_requested", "offered", "viewed")
_ROWS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A consent that runs out soon: `day` is how many days from now, 0 to 60."""

    line: ConsentLine
    day: int


def to_a_side(page: Page, who: SignedInMember) -> HttpResponse:
    """Go to the live side, or to the test side where there is no other."""
    sides = open_sides(who.organization)
    return page.to(f"/org/{sides[0] if sides else 'live'}")


def home(at: SidePage) -> HttpResponse:
    """Counts, waiting requests, and a time line of the next 60 days."""
    offers = may(at.member.role, roles.OFFERS)
    counts = _counts(at)
    ending = _ending_soon(at)
    wait_for_organization(at)
    return at.render(
        "home.html",
        here="home",
        counts=counts,
        offers=_waiting(at) if offers else [],
        waiting=Offer.objects.filter(**at.rows, state__in=WAITING).count() if offers else None,
        ending=ending,
        soon_days=SOON.days,
        may_keys=may(at.member.role, roles.KEYS),
        may_offers=offers,
    )


def wait_for_organization(at: SidePage) -> None:
    """Wait for every denial of this organization that is not enforced yet, after rows were read that may tell
    of it. Costs one query where nothing is pending."""
    pending = Enforcement.objects.filter(enforced_at=None).values("event_id")
    own = Event.objects.filter(**at.rows, event_id__in=pending)
    wait_all_enforced(list(own.values_list("event_id", flat=True)), at.ports)


def _counts(at: SidePage) -> dict[str, int]:
    """Consents by what a licensee reads of them; one whose term is over counts as ended."""
    rows = Grant.objects.filter(**at.rows)
    found = {"active": 0, "signed": 0, "paused": 0, "ended": 0}
    running = rows.filter(valid_until__gt=at.page.now).values("state").annotate(how_many=Count("id"))
    for state, how_many in running.values_list("state", "how_many"):
        found[licensee_view(GrantState(state))] += how_many
    found["ended"] += rows.filter(valid_until__lte=at.page.now).count()
    return found


def _waiting(at: SidePage) -> list[OfferLine]:
    rows = Offer.objects.filter(**at.rows, state__in=WAITING).order_by("-created_at", "id")
    return offer_lines(at, list(rows[:_ROWS]))


def _ending_soon(at: SidePage) -> list[Ending]:
    now = at.page.now
    living = grants(at).filter(state__in=("active", "signed", "suspended"))
    rows = list(
        living.filter(valid_until__gt=now, valid_until__lte=now + SOON).order_by("valid_until", "id")[:_ROWS]
    )
    return [
        Ending(line=line, day=(row.valid_until - now).days)
        for row, line in zip(rows, lines(at, rows, now=now), strict=True)
    ]
