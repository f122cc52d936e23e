"""Making a passkey: for a performer on the signing origin, for a member or operator on the main one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consent.web import ceremonies
from consent.web.origins import Place
from consent.web.page import Page
from consent.web.passkey_answers import read_new
from consent.web.passkey_options import KnownPasskey, to_create
from consent.web.refusals import PasskeyRefused
from consent.web.signatures import Question
from signing.attestation import RegisteredCredential, verify_registration
from signing.encoding import b64u, unb64u
from signing.errors import SigningError

USER_HANDLE_BYTES = 32  # WebAuthn L3 §14.6.1: opaque, nothing personal in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A verified new passkey, and what the question was about."""

    registration: RegisteredCredential
    transports: tuple[str, ...]
    user_handle: bytes
    content: dict[str, Any]


def ask_to_make(
    page: Page,
    *,
    purpose: str,
    name: str,
    user_handle: bytes | None = None,
    known: Sequence[KnownPasskey] = (),
    content: dict[str, Any] | None = None,
) -> Question:
    """Ask the browser to make a passkey. `name` is what the person's device lists it under.

    `user_handle` is the person's own from an earlier passkey; a new one is drawn for a new person. `known`
    are their passkeys, so that one device does not get a second.
    """
    handle = user_handle or page.ports.registry.log.random(USER_HANDLE_BYTES)
    ceremony = ceremonies.begin(page, purpose, content={**(content or {}), "user_handle": b64u(handle)})
    options = to_create(
        rp_id=page.ports.registry.rp.rp_id,
        challenge=ceremony.challenge,
        user_handle=handle,
        name=name,
        known=known,
    )
    return Question(ceremony=ceremony.id, options=options)


def take_made(page: Page, *, purpose: str) -> Made:
    """Verify the new passkey in this form (fields `ceremony`, `passkey`) for the origin that the page is on.

    Raises:
        CeremonySpent: this browser was not asked, or answered before.
        PasskeyRefused: unreadable, or it does not verify.
    """
    asked = ceremonies.finish(page, purpose)
    new = read_new(page.request.POST.get("passkey", ""))
    party = page.ports.registry.rp if page.place is Place.SIGNING else page.ports.sign_in_party
    try:
        registration = verify_registration(
            client_data_json=new.client_data_json,
            attestation_object=new.attestation_object,
            expected_challenge=asked.challenge,
            expected_rp=party,
        )
    except SigningError as exc:
        raise PasskeyRefused("not_verified") from exc
    if registration.credential_id != new.webauthn_id:
        raise PasskeyRefused("unreadable")
    return Made(
        registration=registration,
        transports=new.transports,
        user_handle=unb64u(asked.content["user_handle"]),
        content=asked.content,
    )
