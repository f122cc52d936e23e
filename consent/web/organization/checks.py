"""How an organization used one of its consents, day by day."""

from django.http import HttpResponse

from consent.registry.queries.asked import checks_of, counted_up_to
from consent.web.day_chart import day_chart, span_of
from consent.web.organization.consent import own_grant
from consent.web.organization.consents import lines
from consent.web.organization.side import SidePage


def checks(at: SidePage, *, grant: str) -> HttpResponse:
    """The checks that this consent allowed; a deny rests on no consent."""
    row = own_grant(at, grant)
    span, today = span_of(at.page.request.GET.get("days", "")), at.page.now.date()
    found = checks_of(row, organization=at.organization, since=span.first_day(today))
    return at.render(
        "checks.html",
        here="consents",
        row=lines(at, [row], now=at.page.now)[0],
        chart=day_chart({each.day: (each.allowed, 0) for each in found}, today=today, span=span),
        counted=counted_up_to(at.livemode, now=at.page.now),
    )
