"""The organization's consents, as a licensee reads them: active, paused or ended, without reason or author."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.states import GrantState, licensee_view
from consent.core.uses import USES
from consent.registry.models import Grant
from consent.registry.queries.documents import naming_use
from consent.registry.queries.grants import since_for_licensee, state_for_licensee, wait_until_told
from consent.registry.stored_json import from_bytes
from consent.web.organization.parts import asked, part_of
from consent.web.organization.performers import external_ids, named
from consent.web.organization.side import SidePage
from consent.web.organization.words import use_words

STATES: Final = ("active", "signed", "paused", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLine:
    """One consent in a list."""

    id: str
    name: str
    reference: str
    uses: tuple[str, ...]
    state: str
    since: datetime
    until: datetime


def consents(at: SidePage) -> HttpResponse:
    """A part of the list, newest first, by state, use and performer."""
    page = at.page
    filters = {name: asked(page, name) for name in ("state", "use", "performer")}
    now = page.now
    own = grants(at)
    part = part_of(
        _filtered(at, own, filters, now=now),
        page,
        own=own,
        instant="signed_at",
        prefix="grt",
        filters=filters,
    )
    return at.render(
        "consents.html",
        here="consents",
        rows=lines(at, part.rows, now=now),
        newer=part.newer,
        older=part.older,
        filters=filters,
        filtered=any(filters.values()),
        states=[("", _("any")), *((state, state_words(state)) for state in STATES)],
        uses=[("", _("any")), *((use, use_words(use)) for use in USES if not USES[use].reserved)],
    )


def grants(at: SidePage) -> "QuerySet[Grant]":
    """Every grant to the organization on this side, without what only proofs need."""
    return Grant.objects.filter(**at.rows).defer("seal", "exclusive")


def lines(at: SidePage, rows: Sequence[Grant], *, now: datetime) -> list[ConsentLine]:
    """Rows as a list shows them, once every stop among them is enforced."""
    wait_until_told(rows, at.ports)
    called = external_ids(at, [row.performer_id for row in rows])
    stage = dict(
        Grant.objects.filter(id__in=[row.id for row in rows]).values_list("id", "offer__performer_name")
    )
    return [
        ConsentLine(
            id=row.id,
            name=", ".join(called.get(row.performer_id, ())) or stage[row.id],
            reference=row.reference,
            uses=uses_of(row),
            state=state_for_licensee(row, at=now),
            since=since_for_licensee(row, at=now),
            until=row.valid_until,
        )
        for row in rows
    ]


def uses_of(row: Grant) -> tuple[str, ...]:
    """What the grant's lines allow, in words."""
    named_uses = {use for line in from_bytes(row.terms).get("lines") or () for use in line.get("uses", ())}
    return tuple(use_words(use) for use in sorted(named_uses))


def state_words(state: str) -> str:
    """A licensee's word for a state."""
    return {
        "active": _("active"),
        "signed": _("signed, not yet active"),
        "paused": _("paused"),
        "ended": _("ended"),
    }[state]


def _filtered(
    at: SidePage, rows: "QuerySet[Grant]", filters: dict[str, str], *, now: datetime
) -> "QuerySet[Grant]":
    if filters["state"] in STATES:
        reading = [each.value for each in GrantState if licensee_view(each) == filters["state"]]
        over = Q(ended_at=None, valid_until__lte=now)  # a term that ran out reads as an end
        kept = Q(state__in=reading)
        rows = rows.filter(kept | over if filters["state"] == "ended" else kept & ~over)
    if filters["performer"]:
        rows = rows.filter(performer_id__in=named(at, filters["performer"]))
    if filters["use"] in USES:
        rows = naming_use(rows, filters["use"])
    return rows
