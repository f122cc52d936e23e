"""One consent: what it allows, how long, what happened to it, the file that proves it, and its own names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.ids import is_id
from consent.evidence.consents import consent_bundle
from consent.log.errors import RecordDestroyedError
from consent.registry.answers import enforced
from consent.registry.errors import ExternalIdTaken, Invalid, NotFound
from consent.registry.models import Grant, PairwiseReference, Statement
from consent.registry.operations.read_package import opened_statement, read_package
from consent.registry.operations.references import remove_external_id, set_external_id
from consent.registry.queries.timeline import TimelineEntry, licensee_timeline
from consent.web.organization import roles
from consent.web.organization.consents import grants, lines
from consent.web.organization.performers import external_ids
from consent.web.organization.roles import may
from consent.web.organization.side import SidePage
from consent.web.organization.term import term_of
from consent.web.shown_text import Group, download, shown_text

_TONES: Final = {"paused": "wait", "ended": "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    stage_name: str
    project: str
    project_ref: str
    text: Sequence[Group]


def consent(at: SidePage, *, grant: str, error: str = "", typed: str = "") -> HttpResponse:
    """What a licensee may know of it."""
    row = own_grant(at, grant)
    shown = lines(at, [row], now=at.page.now)[0]
    return at.render(
        "consent.html",
        here="consents",
        status=422 if error else 200,
        row=shown,
        grant=row,
        signed=_signed(row, at),
        term=term_of(row.valid_from, row.valid_until, now=at.page.now),
        entries=[_entry(each) for each in licensee_timeline(at.ports, **at.own, grant=grant)],
        names=external_ids(at, [row.performer_id]).get(row.performer_id, []),
        may_name=may(at.member.role, roles.NAMES),
        may_ask=may(at.member.role, roles.CONSOLE),
        error=error,
        typed=typed,
    )


def package(at: SidePage, *, grant: str) -> HttpResponse:
    """The file that anybody can verify offline."""
    own_grant(at, grant)
    data = read_package(at.ports, **at.own, grant=grant)
    return download(data, name=f"{grant}.grant.json", kind="application/json")


def evidence(at: SidePage, *, grant: str) -> HttpResponse:
    """What the consent allows now, as a file that stands by itself; making it takes a moment."""
    row, page = own_grant(at, grant), at.page
    if not page.posted:
        return at.to(f"/consents/{grant}")
    data = consent_bundle(at.ports, row, at=page.now, trust=page.ports.trust())
    return download(data, name=f"{grant}.evidence.zip", kind="application/zip")


def name_performer(at: SidePage, *, grant: str) -> HttpResponse:
    """Give the performer a name of the organization's own, or take one away."""
    row = own_grant(at, grant)
    page = at.page
    if not page.posted:
        return at.to(f"/consents/{grant}")
    name = page.field("external_id", max_chars=200)
    try:
        if page.field("do") == "remove":
            own_name = _of_performer(at, row, name)
            enforced(remove_external_id(at.ports, **at.own, external_id=own_name), at.ports)
        else:
            pair = PairwiseReference.objects.get(performer_id=row.performer_id, **at.rows)
            set_external_id(at.ports, **at.own, performer=pair.reference, external_id=name)
    except ExternalIdTaken:
        return consent(
            at, grant=grant, error=_("You use this name for another performer already."), typed=name
        )
    except Invalid:
        return consent(
            at,
            grant=grant,
            error=_("Write 1 to 128 characters without spaces, such as a number from your own system."),
            typed=name,
        )
    return at.to(f"/consents/{grant}")


def own_grant(at: SidePage, grant: str) -> Grant:
    """The organization's grant on this side; any other answers as one that does not exist."""
    row = grants(at).filter(id=grant).first() if is_id(grant, "grt") else None
    if row is None:
        raise NotFound("no such grant")
    return row


def _of_performer(at: SidePage, row: Grant, name: str) -> str:
    if name not in external_ids(at, [row.performer_id]).get(row.performer_id, []):
        raise NotFound("no such external id")
    return name


def _signed(row: Grant, at: SidePage) -> "_Signed | None":
    """What the performer signed and what they read; None once it was erased."""
    try:
        opened = opened_statement(Statement.objects.get(id=row.id), at.ports)
    except RecordDestroyedError:
        return None
    body = opened["envelope"]["body"]
    project = body.get("project") or {}
    return _Signed(
        stage_name=body["performer_name"],
        project=project.get("title", ""),
        project_ref=project.get("ref", ""),
        text=shown_text(opened["text"].encode()),
    )


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    words = {
        "offered": _("You sent the request"),
        "viewed": _("The performer read it"),
        "signed": _("The performer signed"),
        "active": _("The consent became active"),
        "paused": _("Paused: every check says deny"),
        "resumed": _("Active again"),
        "ended": _("Ended: every check says deny, for good"),
    }
    return {
        "at": entry.at,
        "what": words.get(entry.what, entry.what),
        "tone": _TONES.get(entry.what, ""),
        "exact": entry.what in ("paused", "ended"),
    }
