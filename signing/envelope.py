"""Signature envelopes: a body and the signatures under it, read into types (SPEC §4.8; SHAPES).

Reading verifies nothing: see `statement.verify_statement`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from signing.bodies import check_body
from signing.bodies.fields import Check, base64url, constant, fail, record, sequence, sha256, text, thumbprint
from signing.canonical import JSON, MAX_BYTES, canonicalize, parse_statement, sha256_hex
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError
from signing.public_key import PublicKey

MAX_ENVELOPE_BYTES = 1 << 22  # a body of 2^20 bytes, the same in each of two JWS, and room
MAX_SIGNATURES = 8  # a performer and representatives; wire types say the same
MAX_PART_CHARS = 1 << 16  # base64url of client data and the like; their own parsers bound them closer
NONCE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class WebauthnSignature:
    """A performer's passkey assertion, with all that anybody needs to verify it again, for ever."""

    credential: str
    public_key: PublicKey
    nonce: bytes
    client_data_json: bytes
    authenticator_data: bytes
    signature: bytes
    text_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ed25519Signature:
    """A compact JWS over the body. A representative's carries its key; a performer's key comes from elsewhere."""

    role: Literal["performer", "representative"]
    jws: str
    public_key: PublicKey | None


Signature: TypeAlias = WebauthnSignature | Ed25519Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A body of known structure and the signatures claimed for it: the performer's first, then representatives'."""

    kind: str
    body: Mapping[str, JSON]
    body_bytes: bytes
    signatures: tuple[Signature, ...]

    @property
    def body_sha256(self) -> str:
        """SHA-256 of the body's RFC 8785 form, hex."""
        return sha256_hex(self.body_bytes)

    @property
    def livemode(self) -> bool:
        """Which side the body is of."""
        return self.body["livemode"] is True


def parse_envelope(data: bytes) -> Envelope:
    """The envelope of a JSON text.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    return read_envelope(parse_statement(data, max_bytes=MAX_ENVELOPE_BYTES))


def read_envelope(value: JSON, *, pointer: str = "") -> Envelope:
    """The envelope of a parsed JSON value that stands at `pointer`.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    try:
        return _read(value)
    except MalformedError as exc:
        raise exc.under(pointer) from exc


def write_envelope(envelope: Envelope) -> dict[str, JSON]:
    """The JSON value of an envelope."""
    return {
        "body": dict(envelope.body),
        "signatures": [_write_signature(each) for each in envelope.signatures],
    }


def format_envelope(envelope: Envelope) -> bytes:
    """The RFC 8785 bytes of an envelope."""
    return canonicalize(write_envelope(envelope))


def _any(value: JSON, pointer: str) -> None:
    """Checked by the reader of that part."""


_ENVELOPE = record({"body": _any, "signatures": sequence(_any, longest=MAX_SIGNATURES)})
_part = text(MAX_PART_CHARS)
_WEBAUTHN: Check = record(
    {
        "role": constant("performer"),  # a representative's passkey would answer the very same challenge
        "method": constant("webauthn"),
        "credential": thumbprint,
        "public_key": text(1400),
        "nonce": base64url(NONCE_BYTES),
        "client_data_json": _part,
        "authenticator_data": _part,
        "signature": _part,
        "text_sha256": sha256,
    }
)
_JWS = text(1 << 21)
_PERFORMER_JWS: Check = record({"role": constant("performer"), "method": constant("ed25519"), "jws": _JWS})
_REPRESENTATIVE_JWS: Check = record(
    {"role": constant("representative"), "method": constant("ed25519"), "jws": _JWS, "public_key": _any}
)


def _read(value: JSON) -> Envelope:
    _ENVELOPE(value, "")
    members = _object(value, "")
    try:
        kind = check_body(members["body"])
    except MalformedError as exc:
        raise exc.under("/body") from exc
    body = _object(members["body"], "/body")
    body_bytes = canonicalize(body)
    if len(body_bytes) > MAX_BYTES:
        fail(f"{len(body_bytes)} bytes", "/body", "max_bytes", f"at most {MAX_BYTES}")
    listed = members["signatures"]
    signatures = tuple(
        _read_signature(each, f"/signatures/{index}")
        for index, each in enumerate(listed if isinstance(listed, list) else [])
    )
    for index, each in enumerate(signatures):
        by_performer = isinstance(each, WebauthnSignature) or each.role == "performer"
        if by_performer != (index == 0):
            fail(
                "not exactly one performer, standing first",
                f"/signatures/{index}/role",
                "one_performer",
                "the performer first, then representatives",
            )
    return Envelope(kind=kind, body=body, body_bytes=body_bytes, signatures=signatures)


def _read_signature(value: JSON, pointer: str) -> Signature:
    members = _object(value, pointer)
    match members.get("method"), members.get("role"):
        case "webauthn", _:
            _WEBAUTHN(value, pointer)
            return _read_webauthn({name: str(part) for name, part in members.items()}, pointer)
        case "ed25519", "performer":
            _PERFORMER_JWS(value, pointer)
            return Ed25519Signature(role="performer", jws=str(members["jws"]), public_key=None)
        case "ed25519", "representative":
            _REPRESENTATIVE_JWS(value, pointer)
            key = PublicKey.from_jwk(members["public_key"], pointer=f"{pointer}/public_key")
            if key.to_jwk() != members["public_key"] or key.alg != "EdDSA":
                fail("not an Ed25519 JWK of required members only", f"{pointer}/public_key", "jwk")
            return Ed25519Signature(role="representative", jws=str(members["jws"]), public_key=key)
        case "ed25519", _:
            name, words = "role", "performer, representative"
        case _:
            name, words = "method", "webauthn, ed25519"
    raise MalformedError("not an accepted word", pointer=f"{pointer}/{name}", rule="one_of", expected=words)


def _read_webauthn(members: Mapping[str, str], pointer: str) -> WebauthnSignature:
    parts = {
        name: unb64u(members[name], pointer=f"{pointer}/{name}")
        for name in ("public_key", "nonce", "client_data_json", "authenticator_data", "signature")
    }
    try:
        key = PublicKey.from_cose(parts["public_key"])
    except MalformedError as exc:
        raise exc.under(f"{pointer}/public_key") from exc
    if key.thumbprint != members["credential"]:
        fail("not the thumbprint of public_key", f"{pointer}/credential", "thumbprint")
    return WebauthnSignature(
        credential=members["credential"],
        public_key=key,
        nonce=parts["nonce"],
        client_data_json=parts["client_data_json"],
        authenticator_data=parts["authenticator_data"],
        signature=parts["signature"],
        text_sha256=members["text_sha256"],
    )


def _write_signature(signature: Signature) -> dict[str, JSON]:
    if isinstance(signature, WebauthnSignature):
        return {
            "role": "performer",
            "method": "webauthn",
            "credential": signature.credential,
            "public_key": b64u(signature.public_key.to_cose()),
            "nonce": b64u(signature.nonce),
            "client_data_json": b64u(signature.client_data_json),
            "authenticator_data": b64u(signature.authenticator_data),
            "signature": b64u(signature.signature),
            "text_sha256": signature.text_sha256,
        }
    entry: dict[str, JSON] = {"role": signature.role, "method": "ed25519", "jws": signature.jws}
    if signature.public_key is not None:
        entry["public_key"] = dict(signature.public_key.to_jwk())
    return entry


def _object(value: JSON, pointer: str) -> dict[str, JSON]:
    if not isinstance(value, dict):
        fail("not an object", pointer, "type", "an object")
    return value
