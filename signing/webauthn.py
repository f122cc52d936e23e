"""Passkeys: an assertion as a signature over a document (SPEC §5; WebAuthn L3 §7.2).

A passkey signs a challenge, not a document. The challenge therefore commits to a one-use nonce, the exact body and
the exact text that was shown; and only the signing origin counts, where no sign-in ever happens.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from signing.authenticator_data import AuthenticatorData, parse_authenticator_data
from signing.canonical import JSON, canonicalize
from signing.client_data import check_client_data
from signing.errors import MalformedError, SignatureError
from signing.keys import PublicKey

CHALLENGE_CONTEXT = b"consent-registry/webauthn-sign/v1"  # DESIGN §4
NONCE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """The RP id and the exact origins on which signing happens."""

    rp_id: str
    signing_origins: frozenset[str]

    def __post_init__(self) -> None:
        if not self.rp_id or not self.signing_origins:
            raise ValueError("an RP id and at least one signing origin are needed: unset would mean any")

    @property
    def rp_id_hash(self) -> bytes:
        """SHA-256 of the RP id, as it stands in authenticator data."""
        return hashlib.sha256(self.rp_id.encode("utf-8")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedAssertion:
    """An assertion that passed every check; the person was present and verified."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool
    origin: str


def signing_challenge(*, nonce: bytes, body: Mapping[str, JSON], text: bytes) -> bytes:
    """SHA-256(context ‖ 0x00 ‖ nonce32 ‖ SHA-256(JCS(body)) ‖ SHA-256(text shown)), DESIGN §4.

    Raises:
        MalformedError: the nonce has another length, or the body has no canonical form.
    """
    return challenge_of_digests(
        nonce=nonce,
        body_sha256=hashlib.sha256(canonicalize(body)).digest(),
        text_sha256=hashlib.sha256(text).digest(),
    )


def challenge_of_digests(*, nonce: bytes, body_sha256: bytes, text_sha256: bytes) -> bytes:
    """The same from the two digests, for verifiers who hold the text's digest only.

    Raises:
        MalformedError: a part has another length than 32 bytes.
    """
    for name, part in (("nonce", nonce), ("body_sha256", body_sha256), ("text_sha256", text_sha256)):
        if len(part) != NONCE_BYTES:
            raise MalformedError(f"{name} has {len(part)} bytes, expected {NONCE_BYTES}", rule="length")
    return hashlib.sha256(CHALLENGE_CONTEXT + b"\x00" + nonce + body_sha256 + text_sha256).digest()


def verify_assertion(
    *,
    client_data_json: bytes,
    authenticator_data: bytes,
    signature: bytes,
    public_key: PublicKey,
    expected_challenge: bytes,
    expected_rp: RelyingParty,
    expected_backup_eligible: bool | None,
) -> VerifiedAssertion:
    """Check one assertion by `public_key`, made on a signing origin of `expected_rp` for `expected_challenge`.

    `expected_backup_eligible` is the BE flag kept at registration; None where the registration is not at hand, as
    for an outsider with a grant package. The signature counter is returned and not judged: synced passkeys report
    0, so going back is a signal for the caller and no proof (WebAuthn L3 §6.1.1).

    Raises:
        MalformedError: a part cannot be read.
        SignatureError: any check fails.
    """
    client = check_client_data(
        client_data_json,
        expected_type="webauthn.get",
        expected_challenge=expected_challenge,
        expected_origins=expected_rp.signing_origins,
    )
    data = parse_authenticator_data(authenticator_data)
    # WebAuthn L3 §6.1: "for assertion signatures, the AT flag MUST NOT be set"
    if data.attested is not None:
        raise SignatureError("authenticator data of a registration stands in an assertion")
    check_flags(data, expected_rp=expected_rp)
    # §7.2: "If the credential backup state is used …: compare with the stored backup eligibility"
    if expected_backup_eligible is not None and data.backup_eligible != expected_backup_eligible:
        raise SignatureError(
            "backup eligibility differs from the one at registration: not the same credential"
        )
    # §7.2: "Using credentialPublicKey, verify that sig is a valid signature over the binary concatenation of
    # authData and hash", where hash is SHA-256 of the client data.
    public_key.verify(signature, authenticator_data + hashlib.sha256(client_data_json).digest())
    return VerifiedAssertion(
        sign_count=data.sign_count,
        backup_eligible=data.backup_eligible,
        backed_up=data.backed_up,
        origin=client.origin,
    )


def check_flags(data: AuthenticatorData, *, expected_rp: RelyingParty) -> None:
    """The checks that assertions and registrations share.

    Raises:
        SignatureError: another RP id, nobody present, nobody verified, or contradictory backup flags.
    """
    # §7.2: "Verify that the rpIdHash in authData is the SHA-256 hash of the RP ID expected by the Relying Party"
    if data.rp_id_hash != expected_rp.rp_id_hash:
        raise SignatureError(f"made for another RP id, expected {expected_rp.rp_id!r}")
    # §7.2: "Verify that the UP bit of the flags in authData is set"
    if not data.user_present:
        raise SignatureError("nobody was present (UP is not set)")
    # §7.2: "If user verification was determined to be required, verify that the UV bit … is set": DESIGN §4, always
    if not data.user_verified:
        raise SignatureError("the person was not verified by PIN, finger or face (UV is not set)")
    # §7.2: "If the BE bit … is not set, verify that the BS bit is not set"
    if data.backed_up and not data.backup_eligible:
        raise SignatureError("backed up though not eligible for backup (BS without BE)")
