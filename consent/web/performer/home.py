"""The first page of a performer, and the list of everything they signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from consent.registry.queries.pages import (
    ConsentRow,
    HomeCounts,
    consents_page,
    home_counts,
    requests_open,
)
from consent.registry.text import is_storable
from consent.web.page import Page
from consent.web.performer.standing import Run, Standing, run, standing, use_words
from consent.web.who import SignedInPerformer

REQUESTS_SHOWN = 10
_NUMBERS = (
    lazy("No"),
    lazy("One"),
    lazy("Two"),
    lazy("Three"),
    lazy("Four"),
    lazy("Five"),
    lazy("Six"),
    lazy("Seven"),
    lazy("Eight"),
    lazy("Nine"),
    lazy("Ten"),
    lazy("Eleven"),
    lazy("Twelve"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A consent in a list."""

    row: ConsentRow
    standing: Standing
    run: Run
    uses: str


def home(page: Page, me: SignedInPerformer) -> HttpResponse:
    """What waits, then what stands."""
    registry = page.ports.registry
    counts = home_counts(registry, performer=me.performer)
    waiting = requests_open(registry, performer=me.performer, limit=REQUESTS_SHOWN)
    found = consents_page(registry, performer=me.performer, standing=True)
    ended = (
        consents_page(registry, performer=me.performer, standing=False, limit=3) if not found.next else None
    )
    return page.render(
        "performer/home.html",
        here="home",
        headline=headline(counts),
        counts=counts,
        requests=[(each, use_words(each.uses)) for each in waiting],
        more_requests=max(0, counts.requests - len(waiting)),
        consents=listed(found.rows, now=page.now),
        ended=[] if ended is None else listed(ended.rows, now=page.now),
        older=found.next,
    )


def consents(page: Page, me: SignedInPerformer) -> HttpResponse:
    """Everything that was ever signed, newest first, 25 a page."""
    after = page.request.GET.get("after", "")
    found = consents_page(
        page.ports.registry, performer=me.performer, after=after if after and is_storable(after) else None
    )
    return page.render(
        "performer/consents.html",
        here="consents",
        consents=listed(found.rows, now=page.now),
        first=not after,
        older=None if found.next is None else f"/consents?after={found.next}",
    )


def listed(rows: Sequence[ConsentRow], *, now: datetime) -> list[Listed]:
    """Rows with their words."""
    return [
        Listed(row=row, standing=standing(row), run=run(row, now=now), uses=use_words(row.uses))
        for row in rows
    ]


def headline(counts: HomeCounts) -> str:
    """ "Two companies may use your voice or face. One request is waiting." Numbers up to twelve are words."""
    may = ngettext(
        "%(number)s company may use your voice or face.",
        "%(number)s companies may use your voice or face.",
        counts.companies,
    ) % {"number": number(counts.companies)}
    if not counts.requests:
        return may
    waits = ngettext(
        "%(number)s request is waiting.", "%(number)s requests are waiting.", counts.requests
    ) % {"number": number(counts.requests)}
    return f"{may} {waits}"


def number(value: int) -> str:
    """A number as it begins a sentence."""
    return str(_NUMBERS[value]) if value < len(_NUMBERS) else f"{value:,}"
