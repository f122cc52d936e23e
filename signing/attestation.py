"""Registration: a new passkey and what is kept of it (SPEC §5.5; WebAuthn L3 §7.1).

We ask for no attestation and rely on none: who introduced a key is said by a credential statement. A self
attestation that is there must hold; any other format is kept by name and counts for nothing.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from signing import cbor
from signing.authenticator_data import AuthenticatorData, parse_authenticator_data
from signing.client_data import check_client_data
from signing.errors import MalformedError, SignatureError
from signing.keys import PublicKey
from signing.webauthn import RelyingParty, check_flags

MAX_BYTES = 65_536  # ours: TPM attestations with certificate chains stay below 10 kB
_COSE_ALGS = {"EdDSA": -8, "ES256": -7, "RS256": -257}  # RFC 9053 §2, RFC 8812 §2


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationObject:
    """A parsed attestation object (WebAuthn L3 §6.5.4)."""

    format: str
    statement: dict[int | str, cbor.CBOR]
    authenticator_data: AuthenticatorData
    authenticator_data_bytes: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredCredential:
    """A passkey that may be kept. `attestation` says how far its origin was checked; nothing relies on it."""

    credential_id: bytes
    public_key: PublicKey
    aaguid: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    attestation: Literal["none", "self", "unchecked"]


def parse_attestation_object(data: bytes) -> AttestationObject:
    """Read an attestation object.

    Raises:
        MalformedError: not CBOR of this form, another member, or authenticator data without a credential.
    """
    if len(data) > MAX_BYTES:
        raise MalformedError(
            f"attestation object has {len(data)} bytes, at most {MAX_BYTES}", rule="max_bytes"
        )
    match cbor.decode(data):
        case {"fmt": str(name), "attStmt": dict(statement), "authData": bytes(raw), **others} if not others:
            parsed = parse_authenticator_data(raw)
        case _:
            raise MalformedError(
                "attestation object has other members", rule="attestation", expected="fmt, attStmt, authData"
            )
    if parsed.attested is None:
        raise MalformedError("attestation object holds no credential (AT is not set)", rule="attestation")
    return AttestationObject(
        format=name, statement=statement, authenticator_data=parsed, authenticator_data_bytes=raw
    )


def verify_registration(
    *,
    client_data_json: bytes,
    attestation_object: bytes,
    expected_challenge: bytes,
    expected_rp: RelyingParty,
) -> RegisteredCredential:
    """Check a registration made on a signing origin of `expected_rp` for `expected_challenge`.

    Raises:
        MalformedError: a part cannot be read, or the key is of a kind we do not accept.
        SignatureError: any check fails.
    """
    check_client_data(
        client_data_json,
        expected_type="webauthn.create",
        expected_challenge=expected_challenge,
        expected_origins=expected_rp.signing_origins,
    )
    attestation = parse_attestation_object(attestation_object)
    data = attestation.authenticator_data
    check_flags(data, expected_rp=expected_rp)
    if data.attested is None:
        raise MalformedError("attestation object holds no credential", rule="attestation")
    # WebAuthn L3 §7.1: "Verify that the alg parameter … matches the alg of one of the items in pkOptions"
    public_key = PublicKey.from_cose(data.attested.public_key_cose)
    signed = attestation.authenticator_data_bytes + hashlib.sha256(client_data_json).digest()
    return RegisteredCredential(
        credential_id=data.attested.credential_id,
        public_key=public_key,
        aaguid=data.attested.aaguid,
        sign_count=data.sign_count,
        backup_eligible=data.backup_eligible,
        backed_up=data.backed_up,
        attestation=_judge(attestation, public_key, signed),
    )


def _judge(
    attestation: AttestationObject, public_key: PublicKey, signed: bytes
) -> Literal["none", "self", "unchecked"]:
    match attestation.format, attestation.statement:
        case "none", {**members}:
            if members:  # WebAuthn L3 §8.7: an empty map
                raise MalformedError("attestation of format none has members", rule="attestation")
            return "none"
        case "packed", {"alg": int(alg), "sig": bytes(signature), **others} if not others:
            # WebAuthn L3 §8.2, self attestation: alg matches the key, sig verifies with the credential's own key.
            if alg != _COSE_ALGS[public_key.alg]:
                raise SignatureError("self attestation names another algorithm than the key's")
            public_key.verify(signature, signed)
            return "self"
        case _:
            return "unchecked"
