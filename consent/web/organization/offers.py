"""The organization's requests to performers: how each stands, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.ids import is_id
from consent.registry.errors import NotFound
from consent.registry.models import Offer
from consent.registry.queries.documents import of_project
from consent.registry.stored_json import from_bytes
from consent.web.organization.parts import asked, part_of
from consent.web.organization.performers import external_ids, references
from consent.web.organization.side import SidePage
from consent.web.organization.words import use_words

STATES: Final = ("draft", "offered", "viewed", "changes_requested", "signed", "declined", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """One request in a list; `to` is empty where the person is only invited."""

    id: str
    title: str
    to: str
    uses: tuple[str, ...]
    state: str
    at: datetime


def offers(at: SidePage) -> HttpResponse:
    """A part of the list, by state and by the project's words."""
    page = at.page
    filters = {name: asked(page, name) for name in ("state", "q")}
    own = Offer.objects.filter(**at.rows)
    part = part_of(
        _filtered(own, filters), page, own=own, instant="created_at", prefix="off", filters=filters
    )
    return at.render(
        "offers.html",
        here="offers",
        rows=offer_lines(at, part.rows),
        newer=part.newer,
        older=part.older,
        filters=filters,
        filtered=any(filters.values()),
        states=[("", _("any")), *((state, state_words(state)) for state in STATES)],
    )


def own_offer(at: SidePage, offer: str) -> Offer:
    """The organization's request on this side; any other answers as one that does not exist."""
    row = Offer.objects.filter(**at.rows, id=offer).first() if is_id(offer, "off") else None
    if row is None:
        raise NotFound("no such offer")
    return row


def offer_lines(at: SidePage, rows: Sequence[Offer]) -> list[OfferLine]:
    """Rows as a list shows them."""
    performers = [row.performer_id for row in rows]
    called, given = external_ids(at, performers), references(at, performers)
    out = []
    for row in rows:
        terms = from_bytes(row.terms)
        uses = sorted({use for line in terms.get("lines") or () for use in line.get("uses", ())})
        person = row.performer_id
        names = called.get(person, []) if person else []
        reference = given.get(person, "") if person else ""
        out.append(
            OfferLine(
                id=row.id,
                title=(terms.get("project") or {}).get("title", ""),
                to=row.performer_name or ", ".join(names) or reference,
                uses=tuple(use_words(use) for use in uses),
                state=row.state,
                at=row.sent_at or row.created_at,
            )
        )
    return out


def state_words(state: str) -> str:
    """How a request stands, as its sender says it."""
    return {
        "draft": _("draft"),
        "offered": _("sent, not read yet"),
        "viewed": _("read, no answer yet"),
        "changes_requested": _("changes asked for"),
        "signed": _("signed"),
        "declined": _("declined"),
        "withdrawn": _("taken back"),
    }[state]


def _filtered(rows: "QuerySet[Offer]", filters: dict[str, str]) -> "QuerySet[Offer]":
    if filters["state"] in STATES:
        rows = rows.filter(state=filters["state"])
    if filters["q"]:
        rows = of_project(rows, filters["q"])
    return rows
