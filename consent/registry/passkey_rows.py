"""Keeping a passkey's registration: its WebAuthn id belongs to one person, and so does its handle."""

import hashlib
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import connection

from consent.registry.errors import CredentialTaken, Invalid
from consent.registry.models import AccountPasskey, Passkey
from consent.registry.models.passkey import HANDLE_BYTES
from signing.attestation import RegisteredCredential

MAX_TRANSPORTS = 8
# WebAuthn L3 §5.8.4; unknown ones are kept out: they are hints to the browser, and nothing else
TRANSPORTS = ("ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb")


def keep_registration(
    *,
    credential: str,
    performer: UUID,
    livemode: bool,
    registration: RegisteredCredential,
    user_handle: bytes,
    transports: Sequence[str],
) -> None:
    """Store what was registered beside the credential's row, within its transaction.

    Raises:
        CredentialTaken: the WebAuthn id is registered, for whomever.
        Invalid: no such length of a handle, or another person's.
    """
    claim_webauthn_id(registration.credential_id)
    check_handle(user_handle)
    if (
        Passkey.objects.filter(user_handle=user_handle).exclude(performer_id=performer).exists()
        or AccountPasskey.objects.filter(user_handle=user_handle).exists()
    ):
        raise foreign_handle()
    Passkey.objects.create(
        credential_id=credential,
        performer_id=performer,
        livemode=livemode,
        webauthn_id=registration.credential_id,
        user_handle=user_handle,
        aaguid=registration.aaguid,
        sign_count=registration.sign_count,
        backed_up=registration.backed_up,
        transports=known_transports(transports),
    )


def made_in_recovery(performers: Collection[UUID]) -> frozenset[str]:
    """Which passkeys (`cre_…`) of these people came by a recovery sheet or a mailed link: they have another
    handle than the person's first, which joining and adding pass on and a recovery cannot know."""
    first: dict[UUID, bytes] = {}
    found = set()
    rows = Passkey.objects.filter(performer__in=performers).order_by("credential__created_at", "credential")
    for performer, credential, handle in rows.values_list("performer_id", "credential_id", "user_handle"):
        if first.setdefault(performer, bytes(handle)) != bytes(handle):
            found.add(credential)
    return frozenset(found)


def claim_webauthn_id(webauthn_id: bytes) -> None:
    """See that nobody has this WebAuthn id, in either table, until the transaction ends.

    Raises:
        CredentialTaken: it is registered.
    """
    number = int.from_bytes(hashlib.sha256(webauthn_id).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        # Two tables have no common unique index: whoever comes second waits here, and then sees the first.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    if (
        Passkey.objects.filter(webauthn_id=webauthn_id).exists()
        or AccountPasskey.objects.filter(webauthn_id=webauthn_id).exists()
    ):
        raise CredentialTaken("this passkey is registered already")


def check_handle(user_handle: bytes) -> None:
    """A handle is 32 to 64 random bytes; Invalid otherwise."""
    least, most = HANDLE_BYTES
    if not least <= len(user_handle) <= most:
        raise Invalid(
            pointer="/user_handle",
            rule="length",
            expected=f"{least} to {most} bytes",
            got=str(len(user_handle)),
        )


def known_transports(transports: Sequence[str]) -> list[str]:
    """The transports that the specification names, sorted, each once."""
    return sorted(set(transports[: MAX_TRANSPORTS * 2]) & set(TRANSPORTS))


def foreign_handle() -> Invalid:
    """The refusal of a handle that belongs to somebody else."""
    return Invalid(pointer="/user_handle", rule="own", expected="the handle of this account", got="another's")
