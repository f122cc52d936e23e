"""Signing in: a passkey answers a random question on the main origin, where nothing can be signed."""

from consent.registry.operations.accounts import FoundAccountPasskey, find_account_passkey, note_account_use
from consent.registry.operations.passkeys import FoundPasskey, find_passkey, note_use
from consent.web import ceremonies
from consent.web.page import Page
from consent.web.passkey_answers import read_used
from consent.web.passkey_options import to_get
from consent.web.refusals import PasskeyRefused
from consent.web.signatures import Question
from signing.errors import SigningError
from signing.webauthn import verify_assertion

PURPOSE = "sign-in"


def ask_to_sign_in(page: Page) -> Question:
    """Any passkey of this registry may answer."""
    ceremony = ceremonies.begin(page, PURPOSE, content={})
    options = to_get(rp_id=page.ports.registry.rp.rp_id, challenge=ceremony.challenge)
    return Question(ceremony=ceremony.id, options=options)


def take_sign_in(page: Page) -> FoundPasskey | FoundAccountPasskey:
    """Whose passkey answered (form fields `ceremony`, `passkey`), verified.

    Raises:
        CeremonySpent: this browser was not asked, or answered before.
        PasskeyRefused: unreadable, unknown, switched off, or it does not verify.
    """
    asked = ceremonies.finish(page, PURPOSE)
    used = read_used(page.request.POST.get("passkey", ""))
    found: FoundPasskey | FoundAccountPasskey | None = find_passkey(used.webauthn_id)
    if found is None:
        found = find_account_passkey(used.webauthn_id)
    if found is None:
        raise PasskeyRefused("unknown_key")
    if used.user_handle is not None and used.user_handle != found.user_handle:
        raise PasskeyRefused("not_verified")  # WebAuthn L3 §7.2: the handle is of the same user account
    try:
        verified = verify_assertion(
            client_data_json=used.client_data_json,
            authenticator_data=used.authenticator_data,
            signature=used.signature,
            public_key=found.public_key,
            expected_challenge=asked.challenge,
            expected_rp=page.ports.sign_in_party,
            expected_backup_eligible=found.backup_eligible,
        )
    except SigningError as exc:
        raise PasskeyRefused("not_verified") from exc
    if isinstance(found, FoundPasskey):
        if found.state == "blocked":
            raise PasskeyRefused("blocked_key")
        note_use(page.ports.registry, webauthn_id=used.webauthn_id, verified=verified)
    else:
        note_account_use(page.ports.registry, webauthn_id=used.webauthn_id, verified=verified)
    return found
