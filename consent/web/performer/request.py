"""A company's request: each use off until it is switched on, what that would allow, and the exact text."""

from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.terms import compile_limits
from consent.registry.errors import Invalid
from consent.registry.models import Credential, Grant
from consent.registry.operations.choices import save_choice
from consent.registry.operations.close_offer import decline_offer, request_changes
from consent.registry.operations.view_offer import view_offer
from consent.registry.queries.performer import current_limits
from consent.registry.text import required
from consent.web.could_words import could_words
from consent.web.handoffs import to_signing
from consent.web.page import Page
from consent.web.performer.asked import Asked, read_asked
from consent.web.shown_text import download, shown_text
from consent.web.who import SignedInPerformer

MAX_NOTE_CHARS = 4000


def show_request(page: Page, me: SignedInPerformer, *, offer: str) -> HttpResponse:
    """The request. A form that comes back keeps what is switched on, then shows or signs it."""
    asked = read_asked(me, offer)
    if not asked.open:
        return _closed(page, me, asked)
    if not _only_fetched_ahead(page):
        view_offer(page.ports.registry, livemode=me.livemode, performer=me.performer, offer=asked.row.id)
    if not page.posted:
        return _page(page, me, asked)
    asked = _keep_choice(page, me, asked)
    if page.field("do") != "sign":
        return page.to(f"/requests/{asked.row.id}#could")
    if not asked.lines:
        said = _("Nothing is switched on yet. Switch on at least one thing, or decline.")
        return _page(page, me, asked, errors=[("", said)], status=422)
    if asked.hindrance(at=page.now):
        return _page(page, me, asked, status=409)
    return to_signing(page, "sign", subject=asked.row.id)


def decline(page: Page, me: SignedInPerformer, *, offer: str) -> HttpResponse:
    """Say no. Nobody is asked why."""
    asked = read_asked(me, offer)
    if not asked.open:
        return page.to(f"/requests/{asked.row.id}")
    if page.posted:
        decline_offer(page.ports.registry, livemode=me.livemode, performer=me.performer, offer=asked.row.id)
        return page.to(f"/requests/{asked.row.id}")
    return page.render("performer/decline.html", asked=asked)


def ask_for_changes(page: Page, me: SignedInPerformer, *, offer: str) -> HttpResponse:
    """Ask the company for other terms, in one's own words."""
    asked = read_asked(me, offer)
    if not asked.open:
        return page.to(f"/requests/{asked.row.id}")
    note = page.request.POST.get("note", "").replace("\r\n", "\n").strip()
    if not page.posted:
        return page.render("performer/changes.html", asked=asked, most=MAX_NOTE_CHARS)
    fault = _note_fault(note)
    if fault:
        return page.render(
            "performer/changes.html",
            asked=asked,
            note=note,
            fault=fault,
            errors=[("note", fault)],
            most=MAX_NOTE_CHARS,
            status=422,
        )
    request_changes(
        page.ports.registry, livemode=me.livemode, performer=me.performer, offer=asked.row.id, note=note
    )
    return page.to(f"/requests/{asked.row.id}")


def request_text(page: Page, me: SignedInPerformer, *, offer: str) -> HttpResponse:
    """The bytes of the text that would be signed with what is switched on."""
    asked = read_asked(me, offer)
    name = f"{asked.row.id}.{asked.language}.md"
    return download(asked.text(asked.lines), name=name, kind="text/markdown; charset=utf-8")


def _only_fetched_ahead(page: Page) -> bool:
    """Whether a browser fetched the page in case somebody may want it: nobody has read anything yet.

    The 72 hours of adult terms count from the first reading (Sec-Purpose: Fetch Standard, "prefetch").
    """
    return page.request.method == "HEAD" or "prefetch" in page.request.headers.get("Sec-Purpose", "")


def _note_fault(note: str) -> str:
    if not note:
        return _("Write what should be different.")
    try:
        required(note, "/note", max_chars=MAX_NOTE_CHARS, lines=True)
    except Invalid:
        return _("This is too long, or has a character that we cannot keep.")
    return ""


def _keep_choice(page: Page, me: SignedInPerformer, asked: Asked) -> Asked:
    """What the form says now, kept for the next page and the next device."""
    name = page.field("performer_name", max_chars=120) or asked.name
    if name not in asked.names:
        name = asked.name
    lines = frozenset(page.fields("lines"))
    save_choice(
        page.ports.registry,
        offer=asked.row.id,
        performer=me.performer,
        lines=lines,
        performer_name=name,
        language=asked.language,
    )
    return replace(asked, lines=lines, name=name)


def _page(
    page: Page,
    me: SignedInPerformer,
    asked: Asked,
    *,
    errors: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> HttpResponse:
    limits = current_limits(page.ports.registry, performer=me.performer).body
    could = could_words(
        asked.terms,
        asked.lines,
        at=page.now,
        language=asked.language,
        limits=None if limits is None else compile_limits(limits),
    )
    return page.render(
        "performer/request.html",
        asked=asked,
        words=asked.words,
        could=could,
        on=len(asked.lines),
        all=len(asked.words.line_ids),
        text=shown_text(asked.text(asked.lines)),
        names=[(name, name) for name in asked.names],
        usable_from=_usable_from(page, me),
        hindrance=asked.hindrance(at=page.now),
        errors=errors,
        status=status,
    )


def _usable_from(page: Page, me: SignedInPerformer) -> object:
    """From when some key of this person may sign, if none may yet."""
    keys = Credential.objects.filter(performer_id=me.performer, kind="passkey", state="active")
    first = min((key.usable_from for key in keys if key.usable_from is not None), default=None)
    return first if first is not None and first > page.now else None


def _closed(page: Page, me: SignedInPerformer, asked: Asked) -> HttpResponse:
    """What became of a request that can no longer be answered."""
    if page.posted:
        return page.to(f"/requests/{asked.row.id}")
    grant = Grant.objects.filter(offer=asked.row, performer_id=me.performer).first()
    return page.render("performer/request_closed.html", asked=asked, words=asked.words, grant=grant)
