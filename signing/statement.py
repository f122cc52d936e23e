"""Statements: what a performer signed, verified (SPEC §4.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from signing import jws
from signing.bodies import check_body
from signing.bodies.credential import BY_PERFORMER
from signing.canonical import JSON, canonicalize, sha256_hex
from signing.envelope import (
    Ed25519Signature,
    Envelope,
    WebauthnSignature,
    format_envelope,
    parse_envelope,
    read_envelope,
    write_envelope,
)
from signing.errors import SignatureError, UntrustedError
from signing.private_key import PrivateKey
from signing.public_key import PublicKey
from signing.purposes import STATEMENT_KINDS, representative_typ, statement_schema
from signing.webauthn import RelyingParty, challenge_of_digests, verify_assertion

__all__ = [
    "STATEMENT_KINDS",
    "Envelope",
    "PerformerSignature",
    "RepresentativeSignature",
    "VerifiedStatement",
    "body_sha256",
    "format_envelope",
    "parse_envelope",
    "read_envelope",
    "sign_statement_ed25519",
    "signer_of",
    "statement_schema",
    "verify_statement",
    "write_envelope",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformerSignature:
    """How the performer signed. `text_sha256` is of the text shown, where the method covers one; `user_verified`
    says that a passkey checked PIN, finger or face. Flags and counter are None where there is no passkey."""

    method: Literal["webauthn", "ed25519"]
    credential: str
    key: PublicKey
    text_sha256: str | None
    user_verified: bool
    sign_count: int | None
    backup_eligible: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentativeSignature:
    """A co-signature that holds under its own key. Whose key that is, the caller must know: it proves no role."""

    credential: str
    key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedStatement:
    """A body that the expected performer's key signed for this very purpose."""

    kind: str
    body: Mapping[str, JSON]
    body_bytes: bytes
    body_sha256: str
    livemode: bool
    performer: PerformerSignature
    representatives: tuple[RepresentativeSignature, ...]


def body_sha256(body: Mapping[str, JSON]) -> str:
    """SHA-256 of the RFC 8785 form of a body, hex: its name in other statements.

    Raises:
        MalformedError: the body has no canonical form.
    """
    return sha256_hex(canonicalize(dict(body)))


def sign_statement_ed25519(
    body: Mapping[str, JSON],
    *,
    key: PrivateKey,
    role: Literal["performer", "representative"] = "performer",
) -> dict[str, JSON]:
    """One entry of an envelope's `signatures`: a JWS over the body whose `typ` names kind, version and role.

    Raises:
        MalformedError: the body has not the structure of its schema.
    """
    kind = check_body(dict(body))
    typ = statement_schema(kind) if role == "performer" else representative_typ(kind)
    entry: dict[str, JSON] = {"role": role, "method": "ed25519", "jws": jws.sign(body, typ=typ, key=key)}
    if role == "representative":
        entry["public_key"] = key.public.to_jwk()
    return entry


def signer_of(envelope: Envelope) -> str:
    """The thumbprint of the key that the body says signs it.

    Raises:
        UntrustedError: the body is of a key that the registry introduces: no performer signs it.
    """
    if envelope.kind != "credential":
        return str(envelope.body["credential"])
    if envelope.body["introduced_by"] != BY_PERFORMER:
        raise UntrustedError("a key introduced by the registry is not signed by a performer")
    return str(envelope.body["by_credential"])


def verify_statement(
    envelope: Envelope,
    *,
    expected_performer_key: PublicKey,
    expected_livemode: bool,
    rp: RelyingParty | None,
) -> VerifiedStatement:
    """Check that `expected_performer_key` signed this body, and that every co-signature holds.

    `rp` names RP id and signing origins; None accepts no passkey at all. That a key may sign now, and that the text
    shown is the one the registry rendered, is for the caller, who gets `text_sha256`.

    Raises:
        UntrustedError: another side, another key than the expected one, or a passkey without `rp`.
        SignatureError: a signature does not hold, or was made for another body, text, purpose or role.
        MalformedError: a part of a signature cannot be read.
    """
    if envelope.livemode != expected_livemode:
        raise UntrustedError("statement is of the other side: test is never live and live never test")
    if signer_of(envelope) != expected_performer_key.thumbprint:
        raise UntrustedError("body names another key than the performer's expected one")
    first, *others = envelope.signatures
    if isinstance(first, WebauthnSignature):
        performer = _verify_webauthn(first, envelope, expected_performer_key, rp)
    else:
        _verify_jws(first, envelope, expected_performer_key, statement_schema(envelope.kind))
        performer = PerformerSignature(
            method="ed25519",
            credential=expected_performer_key.thumbprint,
            key=expected_performer_key,
            text_sha256=None,
            user_verified=False,
            sign_count=None,
            backup_eligible=None,
        )
    return VerifiedStatement(
        kind=envelope.kind,
        body=envelope.body,
        body_bytes=envelope.body_bytes,
        body_sha256=envelope.body_sha256,
        livemode=envelope.livemode,
        performer=performer,
        representatives=tuple(
            _verify_representative(each, envelope, expected_performer_key) for each in others
        ),
    )


def _verify_webauthn(
    signature: WebauthnSignature, envelope: Envelope, key: PublicKey, rp: RelyingParty | None
) -> PerformerSignature:
    if rp is None:
        raise UntrustedError("signed with a passkey, and no relying party is trusted")
    if signature.public_key != key:
        raise UntrustedError("signed with another passkey than the expected one")
    template = envelope.body.get("template")
    if isinstance(template, dict) and template.get("text_sha256") != signature.text_sha256:
        raise SignatureError("text shown is another one than the body names")
    verified = verify_assertion(
        client_data_json=signature.client_data_json,
        authenticator_data=signature.authenticator_data,
        signature=signature.signature,
        public_key=key,
        expected_challenge=challenge_of_digests(
            nonce=signature.nonce,
            body_sha256=bytes.fromhex(envelope.body_sha256),
            text_sha256=bytes.fromhex(signature.text_sha256),
        ),
        expected_rp=rp,
        expected_backup_eligible=None,
    )
    return PerformerSignature(
        method="webauthn",
        credential=key.thumbprint,
        key=key,
        text_sha256=signature.text_sha256,
        user_verified=True,  # verify_assertion refuses anything else
        sign_count=verified.sign_count,
        backup_eligible=verified.backup_eligible,
    )


def _verify_jws(signature: Ed25519Signature, envelope: Envelope, key: PublicKey, typ: str) -> None:
    verified = jws.verify(signature.jws, expected_typ=typ, key=key)
    if verified.payload_bytes != envelope.body_bytes:
        raise SignatureError("signature is over another body")


def _verify_representative(
    signature: WebauthnSignature | Ed25519Signature, envelope: Envelope, performer: PublicKey
) -> RepresentativeSignature:
    if isinstance(signature, WebauthnSignature) or signature.public_key is None:
        raise SignatureError("a representative signs with a key of their own, by JWS")
    if signature.public_key == performer:
        raise UntrustedError("the performer's key stands in for a representative's")
    _verify_jws(signature, envelope, signature.public_key, representative_typ(envelope.kind))
    return RepresentativeSignature(credential=signature.public_key.thumbprint, key=signature.public_key)
