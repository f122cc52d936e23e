"""The last word before an erasure: the exact text, one button, one passkey. Nothing that is signed here is kept."""

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from consent.log.erasures import KEY_BACKUP_LIFE
from consent.registry.errors import OnLegalHold
from consent.registry.operations.erase_performer import erase_performer
from consent.web import ceremonies
from consent.web.forgetting import forget_browser
from consent.web.origins import Place
from consent.web.page import Page
from consent.web.passkey_answers import read_used
from consent.web.passkey_options import to_get
from consent.web.refusals import PasskeyRefused
from consent.web.shown_text import shown_text
from consent.web.signatures import NONCE_BYTES, Question, own_passkey
from consent.web.signing.asking import AGAIN, keys_to_ask, try_again
from consent.web.signing.task_page import as_known, purpose_of
from consent.web.who import SignedInPerformer
from signing.errors import SigningError
from signing.webauthn import signing_challenge, verify_assertion


def erase(page: Page, me: SignedInPerformer) -> HttpResponse:
    """Ask the passkey, then forget the person who answered."""
    if not page.posted:
        return _ask(page, me)
    try:
        _verify(page, me)
        done = erase_performer(
            page.ports.registry, livemode=me.livemode, performer=me.performer, elsewhere=[forget_browser]
        )
    except OnLegalHold:
        return page.to("/me/erase", place=Place.MAIN)
    except AGAIN as exc:
        return _ask(page, me, fault=try_again(exc), status=409)
    page.session.flush()
    return page.to(f"/erased/{done.erasure}", place=Place.MAIN)


def _ask(page: Page, me: SignedInPerformer, *, fault: str = "", status: int = 200) -> HttpResponse:
    keys = keys_to_ask(page, me, loosens=True)
    back = page.ports.origins.main + "/me/erase"
    if keys.chosen is None:
        return page.render("signing/key_waits.html", keys=keys, back=back)
    text = _text()
    registry = page.ports.registry
    body = {"effect": "erase", "credential": keys.chosen.thumbprint}
    challenge = signing_challenge(nonce=registry.log.random(NONCE_BYTES), body=body, text=text)
    ceremony = ceremonies.begin(
        page,
        purpose_of("erase"),
        content={"credential": keys.chosen.thumbprint},
        challenge=challenge,
    )
    options = to_get(rp_id=registry.rp.rp_id, challenge=challenge, allowed=[as_known(keys.chosen)])
    return page.render(
        "signing/statement.html",
        passkey=True,
        question=Question(ceremony=ceremony.id, options=options),
        title=_("Erase everything about you"),
        button=_("Erase me, for good"),
        tone="end",
        label=_("The exact words you confirm"),
        text=shown_text(text),
        keys=keys,
        back=back,
        fault=fault,
        status=status,
    )


def _verify(page: Page, me: SignedInPerformer) -> None:
    """The passkey that was asked has answered this very question, on this origin.

    Raises:
        CeremonySpent: not asked, or answered before. PasskeyRefused: another passkey, or it does not verify.
    """
    asked = ceremonies.finish(page, purpose_of("erase"))
    used = read_used(page.request.POST.get("passkey", ""))
    found = own_passkey(me, used)
    if found.thumbprint != asked.content["credential"]:
        raise PasskeyRefused("other_key")
    try:
        verify_assertion(
            client_data_json=used.client_data_json,
            authenticator_data=used.authenticator_data,
            signature=used.signature,
            public_key=found.public_key,
            expected_challenge=asked.challenge,
            expected_rp=page.ports.registry.rp,
            expected_backup_eligible=found.backup_eligible,
        )
    except SigningError as exc:
        raise PasskeyRefused("not_verified") from exc


def _text() -> bytes:
    """The exact words: UTF-8 with line feeds, in the subset of consent texts."""
    values = {"days": KEY_BACKUP_LIFE.days}
    return (render_to_string("pages/signing/erase_text.txt", values).strip("\n") + "\n").encode()
