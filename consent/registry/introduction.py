"""The credential statement by which the registry vouches for a key: who examined the person, and when."""

from datetime import datetime
from typing import Any

from consent.registry.models import Credential
from signing.encoding import b64u
from signing.instants import format_instant
from signing.keys import PublicKey
from signing.purposes import statement_schema


def signed_form(credential: Credential) -> Any:
    """The public key as bodies spell it: a JWK, for passkeys the COSE key in base64url (SPEC §4.7)."""
    if credential.kind == "ed25519":
        return credential.public_key
    return b64u(public_key_of(credential).to_cose())


def public_key_of(credential: Credential) -> PublicKey:
    """The key as it was enrolled; the database holds a JWK that was checked then."""
    return PublicKey.from_jwk(credential.public_key)


def introduction_body(
    *,
    statement: str,
    credential: Credential,
    examiner: str,
    evidence_sha256: str,
    recorded_at: datetime,
    nonce: bytes,
    replaces: str | None,
) -> dict[str, Any]:
    """The body; the label stays out, since it is the performer's own word.

    `replaces` is the thumbprint of the key that a recovery takes the place of, None for a first key.
    """
    body = {
        "schema": statement_schema("credential"),
        "id": statement,
        "livemode": credential.livemode,
        "public_key": signed_form(credential),
        "kind": credential.kind,
        "introduced_by": "registry",
        "examiner": examiner,
        "evidence_sha256": evidence_sha256,
        "recorded_at": format_instant(recorded_at),
        "nonce": b64u(nonce),
    }
    return body if replaces is None else {**body, "replaces": replaces}
