"""Ed25519 private keys and their encrypted file (SPEC §2.4)."""

import hmac
import secrets
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.canonical import JSON, canonicalize, parse
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError, UntrustedError
from signing.public_key import PublicKey

SCHEMA = "consent-registry/key/v1"
SEED_BYTES = 32
MAX_FILE_BYTES = 4096
# OWASP password storage: scrypt with N = 2^15, r = 8, p = 1 needs 32 MiB and about 0.1 s.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**15, 8, 1
_MEMBERS = {"schema", "jwk", "scrypt_n", "salt", "nonce", "sealed"}


class PrivateKey:
    """An Ed25519 key that signs. It never prints, pickles or compares byte by byte."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise MalformedError(f"seed has {len(seed)} bytes, expected {SEED_BYTES}", rule="length")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = PublicKey("EdDSA", (raw,))

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key from the operating system's randomness."""
        return cls(secrets.token_bytes(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> "PrivateKey":
        """The key of a 32-byte RFC 8032 seed.

        Raises:
            MalformedError: another length.
        """
        return cls(seed)

    def export_seed(self) -> bytes:
        """The 32 secret bytes, for whoever must keep them elsewhere."""
        return self._key.private_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """64 bytes of pure Ed25519 over `data`. Callers sign a purpose: `jws.sign`, `signer.Signer`."""
        return self._key.sign(data)

    def to_encrypted(self, secret: bytes) -> bytes:
        """The key file under `secret`: scrypt, then AES-256-GCM with all other members as associated data.

        Raises:
            MalformedError: the secret is empty.
        """
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        head: dict[str, JSON] = {
            "schema": SCHEMA,
            "jwk": self.public.to_jwk(),
            "scrypt_n": _SCRYPT_N,
            "salt": b64u(salt),
            "nonce": b64u(nonce),
        }
        sealed = AESGCM(_derive(secret, salt, _SCRYPT_N)).encrypt(
            nonce, self.export_seed(), canonicalize(head)
        )
        return canonicalize({**head, "sealed": b64u(sealed)}) + b"\n"

    @classmethod
    def from_encrypted(cls, data: bytes, secret: bytes) -> "PrivateKey":
        """The key of a file that `to_encrypted` made.

        Raises:
            MalformedError: not such a file.
            UntrustedError: the secret is another one, or the file was altered.
        """
        document = parse(data, max_bytes=MAX_FILE_BYTES)
        if not isinstance(document, dict) or set(document) != _MEMBERS or document["schema"] != SCHEMA:
            raise MalformedError(f"not a key file of schema {SCHEMA}", rule="schema", expected=SCHEMA)
        salt = unb64u(_text(document["salt"], "/salt"), pointer="/salt", length=16)
        nonce = unb64u(_text(document["nonce"], "/nonce"), pointer="/nonce", length=12)
        sealed = unb64u(_text(document["sealed"], "/sealed"), pointer="/sealed", length=SEED_BYTES + 16)
        if document["scrypt_n"] != _SCRYPT_N:  # another cost is another version: no cost is taken from a file
            raise MalformedError("scrypt cost is not ours", pointer="/scrypt_n", rule="scrypt_n")
        head = {name: value for name, value in document.items() if name != "sealed"}
        try:
            seed = AESGCM(_derive(secret, salt, _SCRYPT_N)).decrypt(nonce, sealed, canonicalize(head))
        except InvalidTag as exc:
            raise UntrustedError("key file does not open with this secret") from exc
        key = cls(seed)
        if key.public.to_jwk() != document["jwk"]:
            raise UntrustedError("key file names another public key than it holds")
        return key

    def __repr__(self) -> str:
        return f"PrivateKey(id={self.public.thumbprint[:8]})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PrivateKey) and hmac.compare_digest(self.export_seed(), other.export_seed())

    def __hash__(self) -> int:
        return hash(self.public)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not pickled; see to_encrypted")


def _derive(secret: bytes, salt: bytes, n: int) -> bytes:
    if not secret:
        raise MalformedError("secret is empty", rule="secret")
    return Scrypt(salt=salt, length=32, n=n, r=_SCRYPT_R, p=_SCRYPT_P).derive(secret)


def _text(value: JSON, pointer: str) -> str:
    if not isinstance(value, str):
        raise MalformedError("not a string", pointer=pointer, rule="type", expected="string")
    return value
