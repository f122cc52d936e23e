"""One consent: what it allows, how it stands, what happened to it, and what its performer can do now."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.states import activation_due
from consent.log.models import Outbox
from consent.registry.errors import NotFound, StateConflict
from consent.registry.models import Counter, Statement
from consent.registry.operations.end_on_session import suspend_on_session
from consent.registry.operations.read_package import opened_statement
from consent.registry.queries.pages import ConsentRow
from consent.registry.queries.pages import consent as read_consent
from consent.registry.queries.timeline import TimelineEntry, timeline
from consent.web.handoffs import to_signing
from consent.web.offer_words import Licensee, OfferWords, offer_words
from consent.web.page import Page
from consent.web.performer.own import own_grant
from consent.web.performer.standing import holder_words, of_you, run, standing
from consent.web.who import SignedInPerformer

SIGNED_STEPS = (
    "cancel",
    "confirm",
    "end",
    "rescind",
    "resume",
)  # tasks of the signing origin about a consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A consent with what was signed."""

    row: ConsentRow
    body: Mapping[str, Any]
    words: OfferWords
    first_shown_at: datetime

    @property
    def licensee(self) -> str:
        """The company's name as it was signed."""
        return str(self.body["licensee"]["legal_name"])

    @property
    def of_you(self) -> str:
        """What of the person it is about."""
        return of_you(self.body["lines"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the timeline, in words."""

    at: datetime
    what: str
    by: str
    tone: str
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A counted limit of one line: how many results were made of how many, in all or today."""

    title: str
    used: int
    limit: int
    today: bool


def show_consent(page: Page, me: SignedInPerformer, *, grant: str) -> HttpResponse:
    """The consent's own page."""
    signed = read_signed(page, me, grant)
    row, just_signed = signed.row, "signed" in page.request.GET
    return page.render(
        "performer/consent.html",
        here="consents",
        signed=signed,
        row=row,
        words=signed.words,
        standing=standing(row),
        steps=[
            _step(each) for each in timeline(page.ports.registry, performer=me.performer, grant=row.grant)
        ],
        run=run(row, now=page.now),
        own_hold="performer" in row.holders,
        may_confirm=row.confirm_from is not None and row.confirm_from <= page.now,
        starts=_earliest_start(signed, at=page.now),
        used=_used(signed, at=page.now),
        just_signed=just_signed,
        mailed=just_signed and _was_mailed(row.grant),
    )


def pause(page: Page, me: SignedInPerformer, *, grant: str) -> HttpResponse:
    """Pause at once; being signed in is enough, and only the performer's own passkey lifts it."""
    row = own_grant(me, grant)
    with suppress(StateConflict):  # it has not started, or has ended: the page says how it stands
        suspend_on_session(page.ports.registry, livemode=me.livemode, performer=me.performer, grant=row.id)
    return page.to(f"/consents/{row.id}")


def sign_step(page: Page, me: SignedInPerformer, *, grant: str, task: str) -> HttpResponse:
    """Go to the signing origin for a step that needs the performer's own signature."""
    row = own_grant(me, grant)
    if task not in SIGNED_STEPS:
        raise NotFound("no such step")
    return to_signing(page, task, subject=row.id)


def read_signed(page: Page, me: SignedInPerformer, grant: str) -> Signed:
    """The consent and what was signed; whatever stopped it is enforced when this returns.

    Raises:
        NotFound: not this performer's.
    """
    own = own_grant(me, grant)
    row = read_consent(page.ports.registry, performer=me.performer, grant=own.id)
    if row is None:
        raise NotFound("no such grant")
    statement = Statement.objects.get(id=own.id, performer_id=me.performer)
    body = opened_statement(statement, page.ports.registry)["envelope"]["body"]
    told = body["licensee"]
    words = offer_words(
        body,
        licensee=Licensee(legal_name=told["legal_name"], country=told["country"], contact=told["contact"]),
        livemode=own.livemode,
        language=body["template"]["language"],
    )
    return Signed(row=row, body=body, words=words, first_shown_at=own.first_shown_at)


def _was_mailed(grant: str) -> bool:
    """Whether the copy of the text has left."""
    return Outbox.objects.filter(kind="signed", grant=grant, sent_at__isnull=False).exists()


def _earliest_start(signed: Signed, *, at: datetime) -> datetime | None:
    """When a consent that waits for its second yes starts, if that is said as soon as it can be."""
    row = signed.row
    if row.confirm_from is None:
        return None
    return activation_due(
        adult=row.adult,
        unrepresented=bool(signed.body["replaces_in_person_work"])
        and signed.body["representation"]["kind"] == "none",
        signed_at=row.signed_at,
        first_shown_at=signed.first_shown_at,
        confirmed_at=max(at, row.confirm_from),
    )


def _used(signed: Signed, *, at: datetime) -> Sequence[Used]:
    """How much of each counted limit is used: results in all, or today."""
    counted = {
        (row.line, row.kind): row.used
        for row in Counter.objects.filter(grant=signed.row.grant).exclude(kind="rate", day__lt=at.date())
    }
    titles = {line.id: line.title for line in (*signed.words.lines, *signed.words.adult_lines)}
    found = []
    for line in signed.body["lines"]:
        for constraint in line.get("constraints", ()):
            limit = constraint.get("limit", constraint.get("per_day"))
            if constraint["kind"] in ("max_outputs", "rate") and limit:
                used = counted.get((line["id"], constraint["kind"]), 0)
                found.append(
                    Used(
                        title=titles[line["id"]],
                        used=used,
                        limit=limit,
                        today=constraint["kind"] == "rate",
                    )
                )
    return found


def _step(entry: TimelineEntry) -> Step:
    """One entry in words. The performer is told who did it, and an operator's reason."""
    said, tone = _what(entry)
    return Step(at=entry.at, what=said, by=_by(entry), tone=tone, exact=entry.what in _EXACT)


_EXACT = frozenset({"revoked", "rescinded", "paused", "signed"})
_SAY_YOU = frozenset({"viewed", "signed", "confirmed", "ending_begun", "ending_cancelled", "superseded"})


def _what(entry: TimelineEntry) -> tuple[str, str]:
    return {
        "offered": (_("They asked you"), ""),
        "viewed": (_("You read the request"), ""),
        "signed": (_("You signed"), ""),
        "confirmed": (_("You said your second yes"), ""),
        "active": (_("It started"), ""),
        "paused": (_("Paused"), "wait"),
        "resumed": (_("Goes on"), ""),
        "ending_begun": (_("An ending was begun by a mailed link"), "wait"),
        "ending_cancelled": (_("You cancelled that ending"), ""),
        "revoked": (_("Ended, for good"), "no"),
        "rescinded": (_("Taken back, as if it had never been"), "no"),
        "expired": (_("Its time ran out"), ""),
        "superseded": (_("Replaced by a newer consent"), ""),
        "voided": (_("Declared void: it never counted"), "no"),
    }.get(entry.what, (entry.what, ""))


def _by(entry: TimelineEntry) -> str:
    you = "" if entry.what in _SAY_YOU else _("by you")
    who = {"performer": you, "licensee": "", "registry": "", None: ""}.get(entry.by)
    if who is None:
        who = _("by %(who)s") % {"who": holder_words((str(entry.by),))}
    how = {
        "passkey": _("with your passkey"),
        "key": _("with your key"),
        "session": _("on this website"),
        "link": _("by a mailed link"),
    }.get(entry.how or "", "")
    parts = [part for part in (who, how, entry.reason or "") if part]
    return ", ".join(parts)
