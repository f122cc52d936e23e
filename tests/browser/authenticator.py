"""A passkey holder made of software by Chromium itself (the DevTools protocol's WebAuthn domain)."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from playwright.sync_api import Page

from tests.signing.software_authenticator import SoftwareAuthenticator


class Authenticator:
    """What a phone (`internal`) or a key on a ring (`usb`) is to one page; it stays through navigations."""

    def __init__(self, page: Page, *, transport: str = "internal", screen_lock: bool = True) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable", {"enableUI": False})
        self._id = self._add(transport, screen_lock)

    def _add(self, transport: str, screen_lock: bool) -> str:
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": screen_lock,
            "isUserVerified": screen_lock,
            "automaticPresenceSimulation": True,
        }
        return str(
            self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
        )

    def verifies(self, verified: bool) -> None:
        """Whether the next finger or code is the right one."""
        self._send("setUserVerified", isUserVerified=verified)

    def answers(self, present: bool) -> None:
        """Whether somebody touches it when it asks."""
        self._send("setAutomaticPresenceSimulation", enabled=present)

    def credentials(self) -> list[dict[str, Any]]:
        """Its passkeys, private halves included."""
        return list(self._send("getCredentials")["credentials"])

    def remove(self, credential_id: str) -> None:
        """Forget one passkey."""
        self._send("removeCredential", credentialId=credential_id)

    def clear(self) -> None:
        """Forget all, as a lost phone does."""
        self._send("clearCredentials")

    def take(self, credential: dict[str, Any]) -> None:
        """Hold a passkey that another one made, as synchronised passkeys are."""
        self._send("addCredential", credential=credential)

    def unplug(self) -> None:
        """Take it away for good."""
        self._send("removeVirtualAuthenticator")

    def _send(self, command: str, **arguments: object) -> Any:
        return self._cdp.send(f"WebAuthn.{command}", {"authenticatorId": self._id, **arguments})


def in_software(credential: dict[str, Any]) -> SoftwareAuthenticator:
    """The same passkey in the hands of an attacker's program, which can bend every value."""
    private = load_der_private_key(base64.b64decode(credential["privateKey"]), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return SoftwareAuthenticator(
        private=private,
        rp_id=credential["rpId"],
        credential_id=base64.b64decode(credential["credentialId"]),
        sign_count=credential["signCount"] + 1,
    )
