"""Legal holds and erasures: what has to be kept, until when, and which erasures wait for their last day."""

from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import Invalid, NotFound
from consent.registry.operations.legal_holds import holds_on, lift_legal_hold, place_legal_hold
from consent.registry.queries.erasures import erasure_figures, waiting_erasures
from consent.registry.queries.whom import performer_named
from consent.web.page import Page
from consent.web.who import SignedInOperator

ADDRESS = "/operator/holds"


def holds(page: Page, who: SignedInOperator) -> HttpResponse:
    """The holds that stand, a form for one more, and a button to lift each."""
    if not page.posted:
        return _show(page)
    if page.field("do") == "lift":
        lift_legal_hold(page.ports.registry, hold=page.field("hold", max_chars=64), lifted_by=who.operator)
        return page.to(ADDRESS)
    sent = {
        "who": page.field("who"),
        "ground": page.field("ground", max_chars=1000),
        "until": page.field("until"),
    }
    faults: dict[str, Any] = {}
    until = _day(sent["until"])
    try:
        performer, livemode = performer_named(sent["who"])
        if until is None:
            raise Invalid(pointer="/until", rule="day", expected="a day, such as 2027-03-31")
        place_legal_hold(
            page.ports.registry,
            livemode=livemode,
            performer=performer,
            ground=sent["ground"],
            until=until,
            placed_by=who.operator,
        )
    except NotFound:
        faults["who"] = _("No key and no consent of anybody has this name.")
    except Invalid as exc:
        name = exc.pointer.strip("/")
        faults[name] = (
            _("Write why, in words that the performer understands.")
            if name == "ground"
            else _("Choose a day to come.")
        )
    return _show(page, sent=sent, faults=faults) if faults else page.to(ADDRESS)


def _show(
    page: Page, *, sent: dict[str, str] | None = None, faults: dict[str, Any] | None = None
) -> HttpResponse:
    return page.render(
        "operator/holds.html",
        status=422 if faults else 200,
        here="holds",
        holds=holds_on(page.ports.registry),
        erasures=waiting_erasures(),
        figures=erasure_figures(),
        sent=sent or {},
        faults=faults or {},
    )


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
