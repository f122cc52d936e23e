"""Public keys as values: Ed25519, P-256 and RSA, from JWK and COSE (SPEC §2)."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from signing import ed25519
from signing.canonical import JSON, canonicalize
from signing.cose import Alg, format_cose_key, parse_cose_key
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError, SignatureError

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2 §2.4.2
COORDINATE_BYTES = 32
MIN_RSA_BITS, MAX_RSA_BITS = (
    2048,
    4096,
)  # RFC 7518 §3.3 asks for 2048; the upper bound is ours, against slow keys
MIN_RSA_EXPONENT, MAX_RSA_EXPONENT = 65537, 2**32 - 1  # NIST SP 800-56B §6.2 from 65537; bounded for speed

_JWK_TYPES: dict[str, tuple[str, Alg]] = {
    "OKP": ("Ed25519", "EdDSA"),
    "EC": ("P-256", "ES256"),
    "RSA": ("", "RS256"),
}
# RFC 7517 §4: members that say more about a public key without changing it. Anything else (`d`!) is refused.
_JWK_EXTRAS = frozenset({"kid", "use", "key_ops", "alg"})
_JOSE_ALGS: dict[Alg, frozenset[str]] = {
    "EdDSA": frozenset({"EdDSA", "Ed25519"}),  # RFC 9864 §2.2 names the second
    "ES256": frozenset({"ES256"}),
    "RS256": frozenset({"RS256"}),
}


@dataclass(frozen=True, slots=True, repr=False)
class PublicKey:
    """A key that can verify. It exists only if its numbers passed every check of SPEC §2.

    `parts` are big-endian numbers as in COSE: (x,) for EdDSA, (x, y) for ES256, (n, e) for RS256.
    """

    alg: Alg
    parts: tuple[bytes, ...]

    def __post_init__(self) -> None:
        match self.alg:
            case "EdDSA":
                ed25519.check_key(self.parts[0])
            case "ES256":
                _p256(self.parts)
            case "RS256":
                _rsa(self.parts)

    def __repr__(self) -> str:
        return f"PublicKey({self.alg} {self.thumbprint[:8]})"

    @classmethod
    def from_cose(cls, data: bytes) -> Self:
        """A key from the COSE encoding in which authenticators hand it out.

        Raises:
            MalformedError: see `parse_cose_key`, or numbers that are no key.
        """
        alg, parts = parse_cose_key(data)
        return cls(alg, parts)

    def to_cose(self) -> bytes:
        """The one COSE encoding of this key."""
        return format_cose_key(self.alg, self.parts)

    @classmethod
    def from_jwk(cls, jwk: JSON, *, pointer: str = "") -> Self:
        """A key from a public JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2).

        Raises:
            MalformedError: a private, unknown or contradictory member, or numbers that are no key.
        """
        if not isinstance(jwk, dict):
            raise MalformedError("JWK is not an object", pointer=pointer, rule="jwk")
        kind = jwk.get("kty")
        if not isinstance(kind, str) or kind not in _JWK_TYPES:
            raise MalformedError(
                "key type is not accepted", pointer=f"{pointer}/kty", rule="jwk", expected="OKP, EC or RSA"
            )
        curve, alg = _JWK_TYPES[kind]
        if curve and jwk.get("crv") != curve:
            raise MalformedError(
                "curve is not accepted", pointer=f"{pointer}/crv", rule="jwk", expected=curve
            )
        names = {"EdDSA": ("x",), "ES256": ("x", "y"), "RS256": ("n", "e")}[alg]
        _check_jwk_members(jwk, {"kty", *names, *(("crv",) if curve else ())}, alg, pointer)
        parts = tuple(_number(jwk.get(name), f"{pointer}/{name}") for name in names)
        try:
            return cls(alg, parts)
        except MalformedError as exc:
            raise exc.under(pointer) from exc

    def to_jwk(self) -> dict[str, JSON]:
        """The JWK with the required members only: the input of the thumbprint."""
        match self.alg:
            case "EdDSA":
                return {"crv": "Ed25519", "kty": "OKP", "x": b64u(self.parts[0])}
            case "ES256":
                return {"crv": "P-256", "kty": "EC", "x": b64u(self.parts[0]), "y": b64u(self.parts[1])}
            case "RS256":
                return {"e": b64u(self.parts[1]), "kty": "RSA", "n": b64u(self.parts[0])}

    @property
    def thumbprint(self) -> str:
        """RFC 7638 thumbprint with SHA-256, base64url: the key's name everywhere."""
        return _thumbprint(self)

    @property
    def jose_algs(self) -> frozenset[str]:
        """The `alg` values under which this key signs (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2)."""
        return _JOSE_ALGS[self.alg]

    def verify(self, signature: bytes, data: bytes) -> None:
        """Check a signature in the form authenticators make: 64 bytes, DER for ES256, PKCS #1 v1.5 for RS256.

        Raises:
            SignatureError: it does not verify.
        """
        if self.alg == "EdDSA":
            ed25519.verify(self.parts[0], signature, data)
            return
        try:
            if self.alg == "ES256":
                # WebAuthn L3 §6.5.5: ASN.1 DER. OpenSSL re-encodes and compares, so BER is refused.
                _p256(self.parts).verify(signature, data, ec.ECDSA(SHA256()))
            else:
                _rsa(self.parts).verify(signature, data, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError) as exc:
            raise SignatureError(f"{self.alg} signature does not verify") from exc

    def verify_jose(self, signature: bytes, data: bytes) -> None:
        """Check a signature in the form JWS has it: ES256 is r ‖ s, 32 bytes each (RFC 7518 §3.4).

        Raises:
            SignatureError: it does not verify.
        """
        if self.alg == "ES256":
            if len(signature) != 2 * COORDINATE_BYTES:
                raise SignatureError(f"ES256 signature has {len(signature)} bytes, expected 64")
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            if not (0 < r < P256_ORDER and 0 < s < P256_ORDER):  # FIPS 186-5 §6.4.2
                raise SignatureError("ES256 signature has r or s outside 1..n-1")
            signature = encode_dss_signature(r, s)
        self.verify(signature, data)


@lru_cache(maxsize=4096)
def _thumbprint(key: PublicKey) -> str:
    return b64u(hashlib.sha256(canonicalize(key.to_jwk())).digest())


@lru_cache(maxsize=1024)
def _p256(parts: tuple[bytes, ...]) -> ec.EllipticCurvePublicKey:
    x, y = parts
    if len(x) != COORDINATE_BYTES or len(y) != COORDINATE_BYTES:
        raise MalformedError("P-256 coordinate is not 32 bytes long", rule="p256_key")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    except ValueError as exc:
        raise MalformedError("P-256 point is not on the curve", rule="p256_key") from exc


@lru_cache(maxsize=1024)
def _rsa(parts: tuple[bytes, ...]) -> rsa.RSAPublicKey:
    n_bytes, e_bytes = parts
    if n_bytes[:1] in (b"", b"\x00") or e_bytes[:1] in (b"", b"\x00"):  # RFC 7518 §6.3.1: no leading zeros
        raise MalformedError("RSA number is empty or has a leading zero", rule="rsa_key")
    n, e = int.from_bytes(n_bytes, "big"), int.from_bytes(e_bytes, "big")
    if not MIN_RSA_BITS <= n.bit_length() <= MAX_RSA_BITS or n % 2 == 0:
        raise MalformedError(
            f"RSA modulus of {n.bit_length()} bits is not accepted",
            rule="rsa_key",
            expected=f"an odd number of {MIN_RSA_BITS} to {MAX_RSA_BITS} bits",
        )
    if not MIN_RSA_EXPONENT <= e <= MAX_RSA_EXPONENT or e % 2 == 0:
        raise MalformedError("RSA exponent is not accepted", rule="rsa_key", expected="odd, 65537 to 2^32-1")
    try:
        return rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError as exc:
        raise MalformedError("RSA numbers are no key", rule="rsa_key") from exc


def _check_jwk_members(jwk: dict[str, JSON], needed: set[str], alg: Alg, pointer: str) -> None:
    for name in jwk:
        if name not in needed and name not in _JWK_EXTRAS:
            raise MalformedError("member is not accepted here", pointer=f"{pointer}/{name[:40]}", rule="jwk")
    if "use" in jwk and jwk["use"] != "sig":  # RFC 7517 §4.2
        raise MalformedError("key is not for signing", pointer=f"{pointer}/use", rule="jwk", expected="sig")
    if "key_ops" in jwk and jwk["key_ops"] != ["verify"]:  # RFC 7517 §4.3
        raise MalformedError(
            "key is not for verifying", pointer=f"{pointer}/key_ops", rule="jwk", expected='["verify"]'
        )
    if "alg" in jwk and jwk["alg"] not in sorted(_JOSE_ALGS[alg]):  # RFC 7517 §4.4
        raise MalformedError(
            "algorithm does not fit the key", pointer=f"{pointer}/alg", rule="jwk", expected=alg
        )
    if not isinstance(jwk.get("kid", ""), str):
        raise MalformedError("key id is not a string", pointer=f"{pointer}/kid", rule="jwk")


def _number(text: JSON, pointer: str) -> bytes:
    if not isinstance(text, str):
        raise MalformedError("missing or not a string", pointer=pointer, rule="jwk", expected="base64url")
    return unb64u(text, pointer=pointer)
