"""Ending a consent: one page, one button; and the answer, which stands at the same address for ever."""

from contextlib import suppress
from datetime import timedelta

from django.http import HttpResponse

from consent.core.instants import format_instant
from consent.registry.errors import AlreadyEnded, NotFound
from consent.registry.operations.end_on_session import EndedOnSession, read_ending, revoke_on_session
from consent.web.handoffs import to_signing
from consent.web.page import Page
from consent.web.performer.consent import Signed, read_signed
from consent.web.performer.own import own_grant
from consent.web.performer.standing import standing
from consent.web.shown_text import download
from consent.web.who import SignedInPerformer


def end_consent(page: Page, me: SignedInPerformer, *, grant: str) -> HttpResponse:
    """Ask once, end at once. Sending it twice, or looking again, answers the same ending."""
    registry = page.ports.registry
    if page.posted:
        row = own_grant(me, grant)
        if page.field("do") == "sign" and row.ended_at is None:
            return to_signing(page, "end", subject=row.id)
        with suppress(AlreadyEnded):  # it ended by itself meanwhile: the page says how
            revoke_on_session(registry, livemode=me.livemode, performer=me.performer, grant=row.id)
        return page.to(f"/consents/{row.id}/end")
    signed = read_signed(page, me, grant)
    if signed.row.reads != "ended":
        return page.render("performer/end.html", here="consents", signed=signed, words=signed.words)
    ending = read_ending(registry, performer=me.performer, grant=signed.row.grant)
    return _answer(page, signed, ending)


def acknowledgement(page: Page, me: SignedInPerformer, *, grant: str) -> HttpResponse:
    """The registry's signed word that the consent ended, and from when; `consent verify` reads the file."""
    row = own_grant(me, grant)
    ending = read_ending(page.ports.registry, performer=me.performer, grant=row.id)
    if ending is None:
        raise NotFound("nobody chose to end this")
    return download(ending.acknowledgement.encode(), name=f"{row.id}.ended.jws", kind="application/jose")


def _answer(page: Page, signed: Signed, ending: EndedOnSession | None) -> HttpResponse:
    on_end = signed.body["on_end"]
    deadline = None
    if ending is not None:
        deadline = ending.ended_at + timedelta(days=int(on_end["model_days"]))
    return page.render(
        "performer/ended.html",
        here="consents",
        signed=signed,
        words=signed.words,
        ending=ending,
        milliseconds="" if ending is None else f"{ending.enforced_at.microsecond // 1000:03d}",
        exactly="" if ending is None else format_instant(ending.enforced_at),
        deadline=deadline,
        standing=standing(signed.row),
    )
