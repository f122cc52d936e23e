"""What happened to the organization on this side, in plain words, from the registry's history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.ids import is_id
from consent.log.models import Event
from consent.registry.errors import NotFound
from consent.registry.models import Member
from consent.registry.queries.events import EventView, events_of_organization
from consent.web.organization.parts import ROWS, asked
from consent.web.organization.side import SidePage

_TONES: Final = {"grant.ended": "no", "grant.paused": "wait", "api_key.revoked": "no", "member.removed": "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry: what happened, and the object's page, if it has one. `detail` is shown as code."""

    at: datetime
    what: str
    tone: str
    address: str
    detail: str
    by: str


def audit(at: SidePage) -> HttpResponse:
    """A part of the history, newest first."""
    before = asked(at.page, "before")
    before_seq = _seq(at, before) if before else None
    found = events_of_organization(at.ports, **at.own, before_seq=before_seq, limit=ROWS + 1)
    shown = found[:ROWS]
    names = _names(at, shown)
    return at.render(
        "audit.html",
        here="audit",
        entries=[_step(at, each, names) for each in shown],
        newest=at.address("/audit") if before_seq is not None else None,
        older=f"{at.address('/audit')}?before={shown[-1].id}" if len(found) > ROWS else None,
    )


def _seq(at: SidePage, event: str) -> int:
    """Where one of the organization's own events stands in the history."""
    rows = Event.objects.filter(**at.rows, event_id=event) if is_id(event, "evt") else Event.objects.none()
    seq = rows.values_list("seq", flat=True).first()
    if seq is None:
        raise NotFound("no such event")
    return seq


def _names(at: SidePage, events: Sequence[EventView]) -> dict[str, str]:
    """The organization's members whom these events name, removed ones too."""
    named = {str((event.body or {}).get(role, "")) for event in events for role in ("actor", "member")}
    rows = Member.objects.filter(organization_id=at.organization, id__in=named)
    return dict(rows.values_list("id", "display_name"))


def _step(at: SidePage, event: EventView, names: Mapping[str, str]) -> Step:
    body: Mapping[str, Any] = event.body or {}
    address, detail = "", ""
    for name, path in (("grant", "/consents/"), ("offer", "/offers/"), ("key", "/keys/")):
        if isinstance(body.get(name), str):
            address, detail = at.address(path + body[name]), body[name]
            break
    else:
        detail = str(body.get("external_id") or body.get("performer") or body.get("member") or "")
        detail = names.get(detail, detail)
    return Step(
        at=event.at,
        what=kind_words(event.kind) if event.body is not None else _("This entry was erased"),
        tone=_TONES.get(event.kind, ""),
        address=address,
        detail=detail,
        by=_by(str(body.get("actor", "")), names),
    )


def _by(actor: str, names: Mapping[str, str]) -> str:
    """Whose act it was, where an account did it."""
    return names.get(actor) or (_("an operator of the registry") if actor.startswith("opr_") else "")


def kind_words(kind: str) -> str:
    """What an event says, to the organization that it happened to."""
    return {
        "api_key.context_set": _("An API key got another standing context"),
        "api_key.limits_set": _("It was changed how much an API key may ask"),
        "api_key.created": _("An API key was made"),
        "api_key.revoked": _("An API key was switched off"),
        "api_key.rotated": _("An API key's secret was replaced"),
        "external_id.removed": _("One of your names for a performer was taken away"),
        "external_id.set": _("A performer got a name of your own"),
        "grant.active": _("A consent became active"),
        "grant.ended": _("A consent ended"),
        "grant.paused": _("A consent was paused"),
        "grant.resumed": _("A consent is active again"),
        "grant.signed": _("A performer signed"),
        "invitation.redeemed": _("Somebody took up an invitation"),
        "invitation.revoked": _("An invitation was made useless"),
        "member.added": _("A member was added"),
        "member.invited": _("A member was given a link to come in"),
        "member.removed": _("A member was removed"),
        "offer.changes_requested": _("A performer asked for changes"),
        "offer.declined": _("A performer declined a request"),
        "offer.sent": _("A request was sent"),
        "offer.viewed": _("A performer read a request"),
        "offer.withdrawn": _("A request was taken back"),
        "organization.created": _("Your company was recorded here"),
        "organization.side_opened": _("This side was opened"),
        "organization.updated": _("Your company's name, country or contact changed"),
        "performer.introduced": _("You were given a reference for a performer"),
        "prior_record.imported": _("A paper consent was put on record"),
    }.get(kind, kind)
