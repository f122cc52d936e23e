"""Compact JWS for one purpose at a time (SPEC §3; RFC 7515, RFC 8037, RFC 8725).

Stricter than RFC 7515 in what it accepts: header and payload have one spelling, `typ` is always checked, no key ever
comes from the token itself, and a header member that nobody expects is refused.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from signing.canonical import JSON, canonicalize, parse, parse_canonical
from signing.encoding import b64u_bytes, unb64u
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.private_key import PrivateKey
from signing.public_key import PublicKey
from signing.purposes import roles_for

MAX_TOKEN_BYTES = 1 << 21  # a body of 2^20 bytes in base64url; a batch receipt of 10,000 items says more
MAX_HEADER_BYTES = 8192  # a receipt's header holds a process certificate of about 700 bytes
ED25519_ALGS = ("EdDSA", "Ed25519")  # RFC 9864 §2.2 renames the first; we print it and read both
# RFC 8725 §3.1 and §3.10: keys that travel in the token are no ground for trust. `crit`, `b64` and `zip` would change
# what is signed or how it is read, and we know no critical extension (RFC 7515 §4.1.11).
REFUSED_HEADER = frozenset({"jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip"})
_OWN_HEADER = frozenset({"alg", "typ", "kid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedJws:
    """The parts of a token, nothing of them verified."""

    header: Mapping[str, JSON]
    payload_bytes: bytes
    signing_input: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedJws:
    """A token whose signature and purpose hold under `key`. `payload` is an object in RFC 8785 form."""

    header: Mapping[str, JSON]
    payload: dict[str, JSON]
    payload_bytes: bytes
    key: PublicKey


def sign(
    payload: Mapping[str, JSON],
    *,
    typ: str,
    key: PrivateKey,
    header: Mapping[str, JSON] | None = None,
) -> str:
    """A compact JWS of the RFC 8785 form of `payload`, for the purpose `typ`, `kid` being the thumbprint.

    `header` adds members, such as a receipt's `cert`; it cannot replace `alg`, `typ` or `kid`.

    Raises:
        UntrustedError: `typ` is no purpose of ours.
        MalformedError: a header member that verifiers refuse, or a payload without canonical form.
    """
    return sign_canonical(canonicalize(dict(payload)), typ=typ, key=key, header=header)


def sign_canonical(
    payload: bytes,
    *,
    typ: str,
    key: PrivateKey,
    header: Mapping[str, JSON] | None = None,
) -> str:
    """As `sign`, of bytes that are in RFC 8785 form already. Verifiers refuse any other: a writer of one kind of
    payload must be proven to print what `canonicalize` prints.

    Raises:
        UntrustedError, MalformedError: as `sign`.
    """
    return PreparedJws(typ=typ, key=key, header=header).sign(payload)


class PreparedJws:
    """One purpose under one key, with its header made once, for the many payloads that are signed alike."""

    __slots__ = ("_head", "_key")

    def __init__(self, *, typ: str, key: PrivateKey, header: Mapping[str, JSON] | None = None) -> None:
        """As `sign`; raises what it raises of `typ` and `header`."""
        if not roles_for(typ):
            raise UntrustedError(f"{typ!r:.80} is no purpose that we sign for")
        extra = dict(header or {})
        if refused := sorted((REFUSED_HEADER | _OWN_HEADER) & set(extra)):
            raise MalformedError(f"header member {refused[0]} cannot be set", rule="jws_header")
        members: dict[str, JSON] = {"alg": "EdDSA", "kid": key.public.thumbprint, "typ": typ, **extra}
        self._head = b64u_bytes(canonicalize(members)) + b"."
        self._key = key

    def __repr__(self) -> str:
        return "PreparedJws()"

    def sign(self, payload: bytes) -> str:
        """The compact JWS of bytes that are in RFC 8785 form already: see `sign_canonical`."""
        signing_input = self._head + b64u_bytes(payload)
        signature = b64u_bytes(self._key.sign(signing_input))
        return b"".join((signing_input, b".", signature)).decode("ascii")


def parse_compact(token: str, *, max_bytes: int = MAX_TOKEN_BYTES) -> ParsedJws:
    """The parts of a compact JWS (RFC 7515 §7.1, §5.2 steps 1–7).

    Raises:
        MalformedError: not three canonical base64url parts, or the header is no I-JSON object, or it holds a member
            of `REFUSED_HEADER`.
    """
    if not isinstance(token, str) or not token.isascii():
        raise MalformedError("token is not ASCII", rule="jws")
    if len(token) > max_bytes:
        raise MalformedError(f"token of {len(token)} bytes, at most {max_bytes}", rule="max_bytes")
    parts = token.split(".")
    if len(parts) != 3:
        raise MalformedError(f"token has {len(parts)} parts, expected 3", rule="jws", expected="3 parts")
    header_bytes, payload_bytes, signature = (unb64u(part) for part in parts)
    try:
        header = parse(header_bytes, max_bytes=MAX_HEADER_BYTES)
    except MalformedError as exc:
        raise exc.under("/header") from exc
    if not isinstance(header, dict):
        raise MalformedError("header is not an object", pointer="/header", rule="jws_header")
    for name in REFUSED_HEADER & set(header):
        raise MalformedError("header member is refused", pointer=f"/header/{name}", rule="jws_header")
    return ParsedJws(
        header=header,
        payload_bytes=payload_bytes,
        signing_input=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=signature,
    )


def check_signature(parsed: ParsedJws, *, key: PublicKey, algs: Collection[str] = ED25519_ALGS) -> None:
    """Check the signature of a parsed token under `key`, which must be meant for the header's algorithm.

    This checks no purpose: it is for tokens of other makers. Ours go through `verify`.

    Raises:
        SignatureError: the algorithm is not in `algs` or not the key's, or the signature does not hold.
    """
    alg = parsed.header.get("alg")
    if not isinstance(alg, str) or alg not in algs or alg not in key.jose_algs:  # RFC 8725 §3.1
        raise SignatureError(f"algorithm {alg!r:.40} is not accepted for this key")
    key.verify_jose(parsed.signature, parsed.signing_input)


def verify(
    token: str,
    *,
    expected_typ: str,
    key: PublicKey | None = None,
    keys: Mapping[str, PublicKey] | None = None,
    algs: Collection[str] = ED25519_ALGS,
    expected_header: Collection[str] = (),
    max_bytes: int = MAX_TOKEN_BYTES,
) -> VerifiedJws:
    """Verify one of our tokens for one purpose, under `key` or under the one of `keys` that `kid` names.

    `expected_header` lists the header members besides `alg`, `typ` and `kid` that must be there; no other may.

    Raises:
        MalformedError: see `parse_compact`, or header or payload are not in RFC 8785 form.
        UntrustedError: `kid` names no key that was given.
        SignatureError: another purpose, or the signature does not hold.
    """
    if (key is None) == (keys is None):
        raise SigningError("verify needs exactly one of key and keys")
    parsed = parse_compact(token, max_bytes=max_bytes)
    header = parsed.header
    wanted = _OWN_HEADER | set(expected_header)
    if set(header) != wanted:
        odd = sorted(set(header) ^ wanted)[0]
        raise MalformedError(
            "header member is missing or not expected", pointer=f"/header/{odd[:40]}", rule="jws_header"
        )
    if not roles_for(expected_typ) or header["typ"] != expected_typ:  # RFC 8725 §3.11, compared exactly
        raise SignatureError(f"token is a {header['typ']!r:.80}, expected {expected_typ!r}")
    kid = header["kid"]
    found = key if key is not None else (keys or {}).get(kid) if isinstance(kid, str) else None
    if found is None or found.thumbprint != kid:
        raise UntrustedError(f"key {kid!r:.80} is not the expected one")
    check_signature(parsed, key=found, algs=algs)
    if canonicalize(dict(header)) != _header_bytes(parsed):
        raise MalformedError("header is not in RFC 8785 form", pointer="/header", rule="canonical")
    try:
        payload = parse_canonical(parsed.payload_bytes, max_bytes=max_bytes)
    except MalformedError as exc:
        raise exc.under("/payload") from exc
    if not isinstance(payload, dict):
        raise MalformedError("payload is not an object", pointer="/payload", rule="jws_payload")
    return VerifiedJws(header=header, payload=payload, payload_bytes=parsed.payload_bytes, key=found)


def read_kid(token: str, *, max_bytes: int = MAX_TOKEN_BYTES) -> str:
    """The key id that a token claims, to look its key up with. It proves nothing.

    Raises:
        MalformedError: see `parse_compact`, or there is no key id.
    """
    kid = parse_compact(token, max_bytes=max_bytes).header.get("kid")
    if not isinstance(kid, str):
        raise MalformedError("header has no key id", pointer="/header/kid", rule="jws_header")
    return kid


def _header_bytes(parsed: ParsedJws) -> bytes:
    return unb64u(parsed.signing_input.split(b".", 1)[0].decode("ascii"))
