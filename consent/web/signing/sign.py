"""Signing a request: the exact text, who asks, what is switched on, and one button."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import NotFound
from consent.registry.models import PreparedGrant as PreparedRow
from consent.registry.operations.prepare_grant import prepare_grant
from consent.registry.text import is_storable
from consent.web.origins import Place
from consent.web.page import Page
from consent.web.performer.asked import Asked, read_asked
from consent.web.shown_text import download, shown_text
from consent.web.signatures import ask_for_signature, take_signature
from consent.web.signing.asking import AGAIN, keys_to_ask, try_again
from consent.web.signing.task_page import as_known, finished, purpose_of
from consent.web.who import SignedInPerformer


def sign(page: Page, me: SignedInPerformer, *, offer: str) -> HttpResponse:
    """Show what is to be signed and ask for it; the answer makes the consent."""
    if not page.posted:
        return _ask(page, me, offer)
    try:
        signed = take_signature(page, me, purpose=purpose_of("sign", offer))
    except AGAIN as exc:
        return _ask(page, me, offer, fault=try_again(exc), status=409)
    return finished(page, "sign", f"/consents/{signed.answer.grant}?signed", subject=offer)


def prepared_text(page: Page, me: SignedInPerformer, *, offer: str, grant: str) -> HttpResponse:
    """The very bytes that the page asks to be signed."""
    row = None
    if is_storable(grant):
        rows = PreparedRow.objects.filter(id=grant, offer_id=offer, performer_id=me.performer)
        row = rows.filter(livemode=me.livemode, expires_at__gt=page.now).first()
    if row is None:
        raise NotFound("no such text")
    return download(bytes(row.text), name=f"{row.id}.md", kind="text/markdown; charset=utf-8")


def _ask(
    page: Page, me: SignedInPerformer, offer: str, *, fault: str = "", status: int = 200
) -> HttpResponse:
    asked = read_asked(me, offer)
    keys = keys_to_ask(page, me, loosens=True)
    back = f"/requests/{asked.row.id}"
    if not asked.open or not asked.lines or asked.hindrance(at=page.now):
        return page.to(back, place=Place.MAIN)
    if keys.chosen is None:
        return page.render("signing/key_waits.html", keys=keys, back=page.ports.origins.main + back)
    prepared = prepare_grant(
        page.ports.registry,
        livemode=me.livemode,
        performer=me.performer,
        offer=asked.row.id,
        credential=keys.chosen.thumbprint,
        language=asked.language,
        performer_name=asked.name,
        lines=asked.lines,
    )
    question = ask_for_signature(
        page,
        purpose=purpose_of("sign", offer),
        body=prepared.body,
        text=prepared.text,
        passkey=as_known(keys.chosen),
    )
    return page.render(
        "signing/sign.html",
        passkey=True,
        question=question,
        button=_("Sign with your passkey"),
        asked=asked,
        switched_on=_switched_on(asked),
        text=shown_text(prepared.text),
        download=f"/sign/{asked.row.id}/text/{prepared.grant}",
        keys=keys,
        back=page.ports.origins.main + back,
        fault=fault,
        status=status,
    )


def _switched_on(asked: Asked) -> list[str]:
    return [line.title for line in (*asked.words.lines, *asked.words.adult_lines) if line.id in asked.lines]
