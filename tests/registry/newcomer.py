"""People who come with passkeys: registrations made in software, and enrolment with or without a code."""

import secrets
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from signing.attestation import RegisteredCredential, verify_registration
from signing.webauthn import RelyingParty, VerifiedAssertion
from tests.signing.software_authenticator import ORIGIN, RP_ID, SoftwareAuthenticator

if TYPE_CHECKING:
    from consent.registry.operations.enrol_passkey import EnrolledByPasskey
    from tests.registry.world import Key, World


@dataclass
class Device:
    """A passkey in software with an id and a handle of its own."""

    passkey: SoftwareAuthenticator = field(
        default_factory=lambda: SoftwareAuthenticator(credential_id=secrets.token_bytes(24))
    )
    user_handle: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def registration(self) -> RegisteredCredential:
        """What the signing origin verified."""
        challenge = secrets.token_bytes(32)
        return verify_registration(
            **self.passkey.register(challenge),
            expected_challenge=challenge,
            expected_rp=RelyingParty(rp_id=RP_ID, signing_origins=frozenset({ORIGIN})),
        )

    @property
    def webauthn_id(self) -> bytes:
        """How browsers name it."""
        return self.passkey.credential_id

    @property
    def key(self) -> "Key":
        """As the world signs with it."""
        from tests.registry.world import Key

        return Key(passkey=self.passkey)

    def made(self) -> dict[str, Any]:
        """What enrolments take of it."""
        return {
            "registration": self.registration,
            "user_handle": self.user_handle,
            "transports": ["internal", "hybrid"],
        }


def about(**changes: Any) -> dict[str, Any]:
    """What somebody says of themselves."""
    return {
        "legal_name": "Adelheid Querfurth",
        "birth_date": date(1990, 2, 3),
        "email": f"{secrets.token_hex(6)}@mail.example",
        "stage_names": ["Ada Quill"],
        "label": "my phone",
        **changes,
    }


def enrol(world: "World", device: Device, *, code: str | None = None, **changes: Any) -> "EnrolledByPasskey":
    """Somebody new with this device."""
    from consent.registry.operations.enrol_passkey import enrol_passkey_performer

    return enrol_passkey_performer(
        world.ports, livemode=world.livemode, code=code, **device.made(), **about(**changes)
    )


def add_pending(world: "World", performer: UUID, device: Device, **options: Any) -> str:
    """One more passkey that nobody vouches for."""
    from consent.registry.operations.enrol_passkey import add_pending_passkey

    return add_pending_passkey(
        world.ports, livemode=world.livemode, performer=performer, label="a key", **device.made(), **options
    )


def used(sign_count: int, *, backed_up: bool = False) -> VerifiedAssertion:
    """A verified answer of an authenticator."""
    return VerifiedAssertion(sign_count=sign_count, backup_eligible=False, backed_up=backed_up, origin=ORIGIN)
