"""Who asked how often: a performer reads it of every company, a company of its own consents, and nobody else any."""

import re
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from consent.web.day_chart import HEIGHT, LEAST, MONTH, QUARTER, YEAR, day_chart, span_of

if TYPE_CHECKING:
    from tests.web.browserless import Site

TODAY = date(2026, 12, 1)  # of the tests' clock


def _count(
    of: Any, organization: str, day: date, *, allowed: int = 0, denied: int = 0, grant: str = ""
) -> None:
    from consent.registry.models import CheckCount

    CheckCount.objects.create(
        livemode=True,
        day=day,
        organization_id=organization,
        performer_id=of.id,
        grant=grant,
        allowed=allowed,
        denied=denied,
    )


def test_a_chart_has_a_bar_for_every_day_and_the_smallest_count_is_seen() -> None:
    chart = day_chart({TODAY: (1_000_000, 0), TODAY - timedelta(days=2): (1, 3)}, today=TODAY)
    assert len(chart.bars) == 30 and chart.bars[0].day == date(2026, 11, 2) and chart.bars[-1].day == TODAY
    assert (chart.allowed, chart.denied, chart.most) == (1_000_001, 3, 1_000_000)
    tall, tiny, none = chart.bars[-1], chart.bars[-3], chart.bars[-2]
    assert (tall.allowed_y, tall.allowed_height) == (LEAST, HEIGHT)
    assert tiny.allowed_height == tiny.denied_height == LEAST > 0
    assert tiny.denied_y + tiny.denied_height == tiny.allowed_y  # one stands on the other
    assert (none.allowed_height, none.denied_height) == (0, 0)
    for bar in chart.bars:
        assert 0 <= bar.denied_y <= bar.allowed_y <= chart.height
        assert bar.allowed_y + bar.allowed_height == chart.height or not bar.allowed
    assert [bar.day for bar in chart.counted] == [TODAY, TODAY - timedelta(days=2)]


def test_days_outside_the_chart_are_in_no_bar_and_no_sum() -> None:
    for span in (MONTH, QUARTER, YEAR):
        chart = day_chart({span.first_day(TODAY) - timedelta(days=1): (5, 5)}, today=TODAY, span=span)
        assert (chart.most, chart.allowed, chart.denied, chart.counted) == (0, 0, 0, [])
        chart = day_chart({span.first_day(TODAY): (5, 5), TODAY: (1, 0)}, today=TODAY, span=span)
        assert (chart.allowed, chart.denied, len(chart.counted)) == (6, 5, 2)


def test_a_year_has_a_bar_for_each_week_and_the_last_ends_today() -> None:
    counts = {TODAY - timedelta(days=back): (1, 2) for back in range(365)}
    chart = day_chart(counts, today=TODAY, span=YEAR)
    assert len(chart.bars) == 53 and (chart.allowed, chart.denied, chart.most) == (365, 730, 21)
    assert [(bar.day, bar.allowed) for bar in chart.bars[-2:]] == [
        (TODAY - timedelta(days=13), 7), (TODAY - timedelta(days=6), 7),
    ]  # fmt: skip
    oldest = chart.bars[0]  # a part of a week
    assert (oldest.day, oldest.allowed) == (TODAY - timedelta(days=364), 1)


@pytest.mark.parametrize("odd", ["", "0", "31", "365 ", "-90", "\u0663\u0660", "9" * 500])
def test_an_address_that_asks_for_no_span_there_is_shows_the_shortest(odd: str) -> None:
    assert span_of(odd) is MONTH
    assert (span_of("90"), span_of("365")) == (QUARTER, YEAR)


def test_a_performer_chooses_how_far_back_a_page_goes(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    page = ada.browser
    harbour, kestrel = ada.organization("Harbour Games Ltd"), ada.organization("Kestrel Chat Ltd")
    for ago, allowed in ((0, 1), (60, 20), (300, 400), (365, 8888)):
        _count(ada, harbour, TODAY - timedelta(days=ago), allowed=allowed)
    _count(ada, kestrel, TODAY - timedelta(days=364), denied=1)
    for days, sums in (
        (30, "Allowed: 1 · Denied: 0"),
        (90, "Allowed: 21 · Denied: 0"),
        (365, "Allowed: 421 · Denied: 1"),
    ):
        page.get(f"/asked?days={days}")
        said = words(page.text)
        assert sums in said and f"questions of the last {days} days" in said
        others = {30, 90, 365} - {days}
        assert all(f'href="?days={other}"' in page.text for other in others)
        assert f'href="?days={days}"' not in page.text and "8888" not in page.text
    assert "Week by week" in said and "a week." in said and "4 February 2026 400" in said
    assert f'href="/asked/{harbour}?days=365"' in page.text
    # A company that asked within the year has a page for each span, whichever it asked in.
    page.get(f"/asked/{kestrel}")
    assert page.status == 200 and "Allowed: 0 · Denied: 0" in words(page.text)
    page.get(f"/asked/{kestrel}?days=365")
    assert "Allowed: 0 · Denied: 1" in words(page.text) and "Harbour" not in page.text


def test_a_performer_reads_who_asked_and_what_they_were_told(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    page = ada.browser
    page.get("/asked")
    assert "Nobody asked about you in the last 30 days." in words(page.text) and "<svg" not in page.text
    harbour, kestrel = ada.organization("Harbour Games Ltd"), ada.organization("Kestrel <b>Chat</b> Ltd")
    _count(ada, harbour, TODAY, allowed=1200, denied=3)
    _count(ada, harbour, TODAY - timedelta(days=29), allowed=1)
    _count(ada, harbour, TODAY - timedelta(days=30), allowed=777)  # too long ago
    _count(ada, kestrel, TODAY, denied=1)
    other = actor(site)
    _count(other, harbour, TODAY, allowed=55_555)
    page.get("/home")
    assert 'href="/asked"' in page.text
    page.get("/asked")
    said = words(page.text)
    assert "Allowed: 1,201 · Denied: 4" in said
    assert "Harbour Games Ltd 1,201 3" in said and "Kestrel <b>Chat</b> Ltd 0 1" in said
    assert "1 December 1,200 4" in said and "2 November 1 0" in said
    assert "777" not in page.text and "55" not in said and "<b>Chat" not in page.text
    assert page.text.count("<rect") == 3 and "style=" not in page.text
    page.get(f"/asked/{kestrel}")
    assert "Allowed: 0 · Denied: 1" in words(page.text) and "Harbour" not in page.text


def test_what_nobody_may_know_answers_like_what_does_not_exist(site: "Site") -> None:
    from tests.web.performing import actor

    ada, bob = actor(site), actor(site)
    company = ada.organization("Harbour Games Ltd")
    _count(ada, company, TODAY, allowed=1)
    for odd in (company, "org_" + "a" * 26, "nobody", "%00", "x" * 300):
        bob.browser.get(f"/asked/{odd}")
        assert bob.browser.status == 404, odd
    assert (
        site.browser()
        .get("https://registry.example/asked", follow=False)
        .headers["Location"]
        .startswith("/sign-in")
    )
    waiting = actor(site, verified=False)
    assert waiting.browser.get("/asked", follow=False).headers["Location"] == "/wait"


def test_many_companies_and_days_stay_one_light_page(site: "Site") -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.web.performing import actor, words

    ada = actor(site)
    for number in range(60):
        company = ada.organization(f"Company {number}")
        for ago in range(0, 30, 10):
            _count(ada, company, TODAY - timedelta(days=ago), allowed=number, denied=1)
    with CaptureQueriesContext(connection) as asked:
        ada.browser.get("/asked")
    assert len(asked) < 12 and len(ada.browser.text.encode()) < 50_000
    said = words(ada.browser.text)
    assert said.index("Company 59 177 3") < said.index("Company 20 60 3")
    assert "10 more companies asked less often." in said and "Company 9 " not in said


@pytest.mark.parametrize("late", [False, True])
def test_a_page_says_up_to_when_it_counted_and_what_did_not_arrive(site: "Site", late: bool) -> None:
    from consent.registry.models import LedgerSegment
    from tests.web.performing import actor, words

    ada = actor(site)

    def shipped(boot: str, segment: int, first: int, count: int, when: datetime) -> None:
        LedgerSegment.objects.create(
            livemode=True, boot=boot, segment=segment, node="n", first=first, count=count, root="", previous="",
            chain="", dropped=0, sealed_at=when, shipped_at=when,
        )  # fmt: skip

    before = _missing(ada)
    boot = "ab12cd34ef5" + ("1" if late else "0")
    when = site.world.clock() - timedelta(seconds=30 if late else 600)
    shipped(boot, 0, 0, 10, when)
    shipped(boot, 2, 17, 3, when)
    # What is missing may still be on its way for a while.
    assert _missing(ada) - before == (0 if late else 7)
    # Perhaps it is another test's.
    last = LedgerSegment.objects.filter(livemode=True).latest("shipped_at").shipped_at
    assert last >= when
    assert f"Last counted on {last:%-d %B %Y, %H:%M:%S}" in words(ada.browser.text)


def _missing(of: Any) -> int:
    from tests.web.performing import words

    of.browser.get("/asked")
    said = words(of.browser.text)
    if "One record of the registry's last day has not arrived" in said:
        return 1
    found = re.search(r"([\d,]+) records of the registry's last day have not arrived", said)
    return int(found[1].replace(",", "")) if found else 0


def test_an_organization_reads_its_own_checks_of_a_consent(site: "Site") -> None:
    from consent.registry.models import Grant
    from tests.web.organization_world import Company
    from tests.web.performing import words

    company, other = Company.of(site), Company.of(site, "Harbour Games Ltd")
    _person, grant = company.consent()
    row = Grant.objects.get(id=grant)
    person = SimpleNamespace(id=row.performer_id)
    browser = company.enter("desk")
    page = f"/org/live/consents/{grant}/checks"
    assert page in browser.get(f"/org/live/consents/{grant}").content.decode()
    assert "This consent allowed nothing in the last 30 days." in words(browser.get(page).content.decode())
    _count(person, company.id, TODAY, allowed=4321, grant=grant)
    _count(person, company.id, TODAY, denied=7)  # a deny rests on no consent
    _count(person, other.id, TODAY, allowed=99, grant=grant)  # a host that asked on its behalf sees its own
    said = words(browser.get(page).content.decode())
    assert "Allowed: 4,321" in said and "1 December 4,321" in said
    assert "99" not in said and "Denied" not in said
    _count(person, company.id, TODAY - timedelta(days=80), allowed=1_000_000, grant=grant)
    assert "1,004,321" not in words(browser.get(page).content.decode())
    said = words(browser.get(f"{page}?days=90").content.decode())
    assert "Allowed: 1,004,321" in said and "in the last 90 days" in said
    stranger = other.enter("owner")
    assert stranger.get(page).status_code == 404
    assert browser.get("/org/live/consents/nobody/checks").status_code == 404
