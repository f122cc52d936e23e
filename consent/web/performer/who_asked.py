"""Who asked about a performer, day by day, and what they were told."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse

from consent.core.ids import is_id
from consent.registry.errors import NotFound
from consent.registry.models import Organization
from consent.registry.queries.asked import AskedOnDay, asked, counted_up_to
from consent.web.day_chart import YEAR, Counts, DayChart, Span, Tally, day_chart, span_of
from consent.web.page import Page
from consent.web.who import SignedInPerformer

SHOWN = 50  # companies in the table; those that asked most


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker(Tally):
    """A company with what it was told within the chart's days."""

    organization: str
    name: str


def who_asked(page: Page, me: SignedInPerformer) -> HttpResponse:
    """Every company together, and each with its sum."""
    span, today = span_of(page.request.GET.get("days", "")), page.now.date()
    found = asked(me.performer, since=span.first_day(today))
    askers = _askers(found)
    return page.render(
        "performer/asked.html",
        here="home",
        chart=_chart(found, today=today, span=span),
        askers=askers[:SHOWN],
        more=max(0, len(askers) - SHOWN),
        counted=counted_up_to(me.livemode, now=page.now),
    )


def asked_by(page: Page, me: SignedInPerformer, *, organization: str) -> HttpResponse:
    """One company alone. One that did not ask within a year, and one that does not exist, answer alike."""
    span, today = span_of(page.request.GET.get("days", "")), page.now.date()
    named = is_id(organization, "org")
    ever = asked(me.performer, since=YEAR.first_day(today), organization=organization) if named else []
    if not ever:
        raise NotFound("nobody of that name asked")
    chart = _chart(ever, today=today, span=span)
    return page.render(
        "performer/asked_by.html",
        here="home",
        asker=_askers(ever)[0],
        chart=chart,
        counted=counted_up_to(me.livemode, now=page.now),
    )


def _chart(found: Iterable[AskedOnDay], *, today: date, span: Span) -> DayChart:
    counts: dict[date, Counts] = defaultdict(lambda: (0, 0))
    for each in found:
        allowed, denied = counts[each.day]
        counts[each.day] = (allowed + each.allowed, denied + each.denied)
    return day_chart(counts, today=today, span=span)


def _askers(found: Iterable[AskedOnDay]) -> list[Asker]:
    sums: dict[str, Counts] = defaultdict(lambda: (0, 0))
    for each in found:
        allowed, denied = sums[each.organization]
        sums[each.organization] = (allowed + each.allowed, denied + each.denied)
    names = dict(Organization.objects.filter(id__in=sums).values_list("id", "legal_name"))
    askers = [
        Asker(organization=organization, name=names[organization], allowed=allowed, denied=denied)
        for organization, (allowed, denied) in sums.items()
    ]
    return sorted(askers, key=lambda each: (-each.allowed - each.denied, each.name, each.organization))
