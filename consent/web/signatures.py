"""Asking a performer's passkey for a signature, and handing what it signed to the registry.

The challenge commits to the exact body and the exact text on the page (DESIGN §4). Nothing that comes back
from the browser chooses what is submitted: body and text are those that were asked about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.registry.answers import StatementAnswer
from consent.registry.operations.passkeys import FoundPasskey, find_passkey, note_use
from consent.registry.operations.submit_statement import submit_statement
from consent.web import ceremonies
from consent.web.page import Page
from consent.web.passkey_answers import UsedPasskey, read_used
from consent.web.passkey_options import KnownPasskey, to_get
from consent.web.refusals import PasskeyRefused
from consent.web.who import SignedInPerformer
from signing.authenticator_data import parse_authenticator_data
from signing.canonical import canonicalize, sha256_hex
from signing.encoding import b64u
from signing.webauthn import VerifiedAssertion, signing_challenge

NONCE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the page needs to ask: the ceremony's name for the form, and options for the browser."""

    ceremony: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedStatement:
    """What was signed and what the registry answered, once it is enforced."""

    body: Mapping[str, Any]
    answer: StatementAnswer


def ask_for_signature(
    page: Page, *, purpose: str, body: Mapping[str, Any], text: bytes, passkey: KnownPasskey
) -> Question:
    """Ask one passkey to sign `body`, with `text` being exactly what the page shows.

    `body["credential"]` (or `by_credential`, where it vouches for a further key) is that passkey's
    thumbprint. The question can be answered once, within ten minutes, by this browser.
    """
    nonce = page.ports.registry.log.random(NONCE_BYTES)
    ceremony = ceremonies.begin(
        page,
        purpose,
        challenge=signing_challenge(nonce=nonce, body=body, text=text),
        content={"body": dict(body), "nonce": b64u(nonce), "text_sha256": sha256_hex(text)},
    )
    options = to_get(rp_id=page.ports.registry.rp.rp_id, challenge=ceremony.challenge, allowed=[passkey])
    return Question(ceremony=ceremony.id, options=options)


def take_signature(page: Page, me: SignedInPerformer, *, purpose: str) -> SignedStatement:
    """Submit what the passkey signed (form fields `ceremony` and `passkey`); waits until it is enforced.

    Raises:
        CeremonySpent: this browser was not asked, or answered before.
        PasskeyRefused: unreadable, or another passkey than the one that was asked.
        RegistryError: what `submit_statement` raises; SignatureInvalid for a signature that does not fit.
    """
    envelope, used = take_envelope(page, me, purpose=purpose)
    answer = submit_statement(page.ports.registry, envelope=canonicalize(envelope))
    note_signature(page, used)
    return SignedStatement(body=envelope["body"], answer=answer)


def take_envelope(page: Page, me: SignedInPerformer, *, purpose: str) -> tuple[dict[str, Any], UsedPasskey]:
    """The envelope that the passkey's answer makes of the question; nothing is verified or written yet."""
    asked = ceremonies.finish(page, purpose).content
    used = read_used(page.request.POST.get("passkey", ""))
    found = own_passkey(me, used)
    body = asked["body"]
    if found.thumbprint != body.get("credential", body.get("by_credential")):  # the latter vouches for a key
        raise PasskeyRefused("other_key")
    signature = {
        "role": "performer",
        "method": "webauthn",
        "credential": found.thumbprint,
        "public_key": b64u(found.public_key.to_cose()),
        "nonce": asked["nonce"],
        "text_sha256": asked["text_sha256"],
        "client_data_json": b64u(used.client_data_json),
        "authenticator_data": b64u(used.authenticator_data),
        "signature": b64u(used.signature),
    }
    return {"body": asked["body"], "signatures": [signature]}, used


def own_passkey(me: SignedInPerformer, used: UsedPasskey) -> FoundPasskey:
    """The passkey that answered, if it is this performer's.

    Raises:
        PasskeyRefused: it is nobody's, or somebody else's; which is not said.
    """
    found = find_passkey(used.webauthn_id)
    if found is None or found.performer != me.performer or found.livemode != me.livemode:
        raise PasskeyRefused("other_key")
    return found


def note_signature(page: Page, used: UsedPasskey) -> None:
    """Keep the passkey's counter after a signature that was verified."""
    data = parse_authenticator_data(used.authenticator_data)
    verified = VerifiedAssertion(
        sign_count=data.sign_count,
        backup_eligible=data.backup_eligible,
        backed_up=data.backed_up,
        origin=page.ports.origins.signing,
    )
    note_use(page.ports.registry, webauthn_id=used.webauthn_id, verified=verified)
