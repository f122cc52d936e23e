"""What the browser is asked for: options for `navigator.credentials`, as JSON (WebAuthn L3 §5.1.8, §5.1.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signing.encoding import b64u

TIMEOUT_MS = 300_000  # five minutes: somebody may look for their phone
ALGORITHMS = (-7, -8, -257)  # ES256, EdDSA, RS256: what `signing` verifies


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPasskey:
    """A passkey as a browser finds it again."""

    webauthn_id: bytes
    transports: Sequence[str] = ()


def to_create(
    *, rp_id: str, challenge: bytes, user_handle: bytes, name: str, known: Sequence[KnownPasskey] = ()
) -> dict[str, Any]:
    """Make a passkey that is found without a user name and always asks for PIN, finger or face.

    `name` is what the person's own device lists it under; `known` are those this person has already, so
    that one device does not get two.
    """
    return {
        "rp": {"id": rp_id, "name": "Consent registry"},
        "user": {"id": b64u(user_handle), "name": name, "displayName": name},
        "challenge": b64u(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
        "excludeCredentials": [_descriptor(each) for each in known],
        "timeout": TIMEOUT_MS,
    }


def to_get(*, rp_id: str, challenge: bytes, allowed: Sequence[KnownPasskey] = ()) -> dict[str, Any]:
    """Use a passkey: one of `allowed`, or any of this site's if none is named."""
    return {
        "challenge": b64u(challenge),
        "rpId": rp_id,
        "userVerification": "required",
        "allowCredentials": [_descriptor(each) for each in allowed],
        "timeout": TIMEOUT_MS,
    }


def _descriptor(passkey: KnownPasskey) -> Mapping[str, Any]:
    found: dict[str, Any] = {"type": "public-key", "id": b64u(passkey.webauthn_id)}
    if passkey.transports:
        found["transports"] = list(passkey.transports)
    return found
