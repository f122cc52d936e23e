"""Client data: what the browser says it was asked, by whom and where (SPEC §5.4; WebAuthn L3 §5.8.1).

Read as JSON and never by comparing with a template: unknown members are allowed there and ignored here.
"""

from dataclasses import dataclass
from typing import Literal

from signing.canonical import parse
from signing.encoding import unb64u
from signing.errors import MalformedError, SignatureError

MAX_BYTES = 16_384  # ours: browsers print some 250 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientData:
    """The members that matter. `cross_origin` is False where the browser left it out."""

    type: str
    challenge: bytes
    origin: str
    cross_origin: bool
    has_top_origin: bool


def parse_client_data(data: bytes) -> ClientData:
    """Read clientDataJSON.

    Raises:
        MalformedError: not JSON, a member twice, or a member of the wrong type.
    """
    value = parse(data, max_bytes=MAX_BYTES, floats=True)
    if not isinstance(value, dict):
        raise MalformedError("client data is not an object", rule="client_data")
    texts = {}
    for name in ("type", "challenge", "origin"):
        text = value.get(name)
        if not isinstance(text, str):
            raise MalformedError("missing or not a string", pointer=f"/{name}", rule="client_data")
        texts[name] = text
    cross_origin = value.get("crossOrigin", False)
    if not isinstance(cross_origin, bool):
        raise MalformedError("not a boolean", pointer="/crossOrigin", rule="client_data")
    return ClientData(
        type=texts["type"],
        challenge=unb64u(texts["challenge"], pointer="/challenge"),
        origin=texts["origin"],
        cross_origin=cross_origin,
        has_top_origin="topOrigin" in value,
    )


def check_client_data(
    data: bytes,
    *,
    expected_type: Literal["webauthn.get", "webauthn.create"],
    expected_challenge: bytes,
    expected_origins: frozenset[str],
) -> ClientData:
    """Read clientDataJSON and hold it against what was asked.

    Raises:
        MalformedError: see `parse_client_data`.
        SignatureError: made for another ceremony, another challenge, another origin, or inside a foreign page.
    """
    client = parse_client_data(data)
    # WebAuthn L3 §7.2: "Verify that the value of C.type is the string webauthn.get" (§7.1: webauthn.create)
    if client.type != expected_type:
        raise SignatureError(f"client data was made for {client.type[:40]!r}, expected {expected_type!r}")
    # §7.2: "Verify that the value of C.challenge equals the base64url encoding of pkOptions.challenge"
    if client.challenge != expected_challenge:
        raise SignatureError("client data answers another challenge: other terms, text or nonce were signed")
    # §7.2: "Verify that the value of C.origin is an origin expected by the Relying Party" (§13.4.9: exact match)
    if client.origin not in expected_origins:
        raise SignatureError(
            f"made on {client.origin[:100]!r}, expected one of {sorted(expected_origins)}: not a signing origin"
        )
    # §7.2: "If C.crossOrigin is present and set to true, verify that the Relying Party expects …": it never does.
    if client.cross_origin:
        raise SignatureError("made in a page embedded by another origin")
    # §7.2: "If C.topOrigin is present …": likewise.
    if client.has_top_origin:
        raise SignatureError("made in a page embedded by another origin (topOrigin is present)")
    return client
