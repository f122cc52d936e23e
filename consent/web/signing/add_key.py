"""A further passkey: first it is made, then a passkey that the person has vouches for it with a signature."""

from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from consent.core.markdown import escape, is_visible
from consent.core.statement_bodies import further_passkey_body
from consent.registry.errors import CredentialTaken
from consent.registry.operations.add_passkey import add_passkey
from consent.registry.operations.passkeys import passkeys_of
from consent.web.page import Page
from consent.web.refusals import CeremonySpent, PasskeyRefused
from consent.web.registrations import Made, ask_to_make, take_made
from consent.web.shown_text import shown_text
from consent.web.signatures import ask_for_signature, note_signature, take_envelope
from consent.web.signing.asking import AGAIN, Keys, keys_to_ask, try_again
from consent.web.signing.task_page import as_known, finished
from consent.web.signing.unknown_key import require_unknown
from consent.web.who import SignedInPerformer
from signing.attestation import RegisteredCredential
from signing.canonical import canonicalize
from signing.encoding import b64u, unb64u
from signing.keys import PublicKey

MAKE, VOUCH = "add-key:make", "add-key:vouch"
MAX_PASSKEYS = 20  # that are not off: more than one person has devices


def add_key(page: Page, me: SignedInPerformer) -> HttpResponse:
    """First the new passkey, then the signature of an old one; nothing is kept before both."""
    keys = keys_to_ask(page, me, loosens=True)
    if keys.chosen is None:
        back = f"{page.ports.origins.main}/keys"
        return page.render("signing/key_waits.html", keys=keys, back=back)
    new = page.session.get("new_key")
    if not page.posted:
        return _ask_to_make(page, me) if new is None else _ask_to_vouch(page, new, keys)
    match page.field("do"):
        case "anew":
            page.session.pop("new_key", None)
            return page.to("/keys/add")
        case "vouch" if new is not None:
            return _vouch(page, me, new, keys)
        case _:
            return _make(page, me)


def _make(page: Page, me: SignedInPerformer) -> HttpResponse:
    label = page.field("label", max_chars=100)
    if not label or not is_visible(label):
        return _ask_to_make(page, me, fault=_("Give the passkey a name of your own, without hidden signs."))
    try:
        made = take_made(page, purpose=MAKE)
        require_unknown(made)
    except CredentialTaken:
        return _ask_to_make(page, me, fault=_("This passkey is known already. Use another device."))
    except (CeremonySpent, PasskeyRefused):
        return _ask_to_make(page, me, fault=_("Your passkey did not arrive whole. Please make it again."))
    page.session["new_key"] = _kept(made, label)
    return page.to("/keys/add")


def _vouch(page: Page, me: SignedInPerformer, new: dict[str, Any], keys: Keys) -> HttpResponse:
    made = _made(new)
    try:
        envelope, used = take_envelope(page, me, purpose=VOUCH)
        add_passkey(
            page.ports.registry,
            envelope=canonicalize(envelope),
            registration=made.registration,
            user_handle=made.user_handle,
            transports=made.transports,
        )
    except AGAIN as exc:
        return _ask_to_vouch(page, new, keys, fault=try_again(exc))
    note_signature(page, used)
    page.session.pop("new_key", None)
    return finished(page, "add-key", "/keys?told=added")


def _ask_to_make(page: Page, me: SignedInPerformer, *, fault: str = "") -> HttpResponse:
    known = [key for key in passkeys_of(me.performer) if key.state != "blocked"]
    if len(known) >= MAX_PASSKEYS:
        return page.render("signing/add_key_enough.html", back=f"{page.ports.origins.main}/keys")
    question = ask_to_make(
        page,
        purpose=MAKE,
        name=_("Performer"),
        user_handle=known[0].user_handle,
        known=[as_known(key) for key in known],
    )
    return page.render(
        "signing/add_key.html",
        status=422 if fault else 200,
        passkey=True,
        question=question,
        fault=fault,
        back=f"{page.ports.origins.main}/keys",
    )


def _ask_to_vouch(page: Page, new: dict[str, Any], keys: Keys, *, fault: str = "") -> HttpResponse:
    assert keys.chosen is not None
    assert isinstance(page.who, SignedInPerformer)
    made = _made(new)
    body = further_passkey_body(
        public_key_cose=made.registration.public_key.to_cose(),
        by_credential=keys.chosen.thumbprint,
        label=new["label"],
        livemode=page.who.livemode,
        random=page.ports.registry.log.random,
    )
    text = _text(new["label"], made.registration.public_key.thumbprint)
    question = ask_for_signature(page, purpose=VOUCH, body=body, text=text, passkey=as_known(keys.chosen))
    return page.render(
        "signing/add_key_vouch.html",
        status=422 if fault else 200,
        passkey=True,
        question=question,
        text=shown_text(text),
        keys=keys,
        label=new["label"],
        fault=fault,
    )


def _text(label: str, thumbprint: str) -> bytes:
    """The exact words that are signed: UTF-8 with line feeds, in the subset of consent texts."""
    values = {"label": escape(label), "thumbprint": escape(thumbprint)}
    return (render_to_string("pages/signing/add_key_text.txt", values).strip("\n") + "\n").encode()


def _kept(made: Made, label: str) -> dict[str, Any]:
    """A verified registration as this visit remembers it until it is vouched for; nothing in it is secret."""
    key = made.registration
    return {
        "label": label,
        "id": b64u(key.credential_id),
        "cose": b64u(key.public_key.to_cose()),
        "aaguid": b64u(key.aaguid),
        "sign_count": key.sign_count,
        "backup_eligible": key.backup_eligible,
        "backed_up": key.backed_up,
        "attestation": key.attestation,
        "handle": b64u(made.user_handle),
        "transports": list(made.transports),
    }


def _made(new: dict[str, Any]) -> Made:
    registration = RegisteredCredential(
        credential_id=unb64u(new["id"]),
        public_key=PublicKey.from_cose(unb64u(new["cose"])),
        aaguid=unb64u(new["aaguid"]),
        sign_count=new["sign_count"],
        backup_eligible=new["backup_eligible"],
        backed_up=new["backed_up"],
        attestation=new["attestation"],
    )
    return Made(
        registration=registration,
        transports=tuple(new["transports"]),
        user_handle=unb64u(new["handle"]),
        content={},
    )
