"""Verifier keys of signed notes: name, signature type and public key in one line (SPEC §14.2; C2SP signed-note)."""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from signing import ed25519, mldsa44
from signing.base64_lines import b64, unb64
from signing.errors import MalformedError

ED25519 = 0x01  # signed-note § Signature types: over the text
COSIGNATURE_ED25519 = 0x04  # tlog-cosignature: timestamped, by a witness
COSIGNATURE_MLDSA44 = 0x06  # tlog-cosignature: the same, secure against quantum computers
KEY_ID_BYTES = 4
MAX_VKEY_CHARACTERS = 4096  # an ML-DSA-44 key has 1,752 of base64
MAX_NAME_BYTES = 255  # tlog-cosignature § ML-DSA-44 signed message: opaque cosigner_name<1..2^8-1>

_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
_KEY_BYTES = {
    ED25519: ed25519.KEY_BYTES,
    COSIGNATURE_ED25519: ed25519.KEY_BYTES,
    COSIGNATURE_MLDSA44: mldsa44.KEY_BYTES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """Whose signature counts: `name` in the signature line, `algorithm` one of the type bytes above, raw `public`."""

    name: str
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        wanted = _KEY_BYTES.get(self.algorithm)
        if wanted is None:
            raise MalformedError(
                f"signature type 0x{self.algorithm:02x} is not supported",
                rule="algorithm",
                expected="0x01 (Ed25519), 0x04 (Ed25519 cosignature) or 0x06 (ML-DSA-44 cosignature)",
            )
        if len(self.public) != wanted:
            raise MalformedError(
                f"key of type 0x{self.algorithm:02x} has {len(self.public)} bytes, expected {wanted}",
                rule="length",
                expected=f"{wanted} bytes",
            )
        if self.algorithm != COSIGNATURE_MLDSA44:
            ed25519.check_key(self.public)

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """The key of `<name>+<hash>+<base64>`.

        Raises:
            MalformedError: not in that form, an unknown type, or a hash that is not the key's.
        """
        parts = vkey.split("+", 2) if isinstance(vkey, str) and len(vkey) <= MAX_VKEY_CHARACTERS else []
        if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
            raise MalformedError(
                "not a verifier key", rule="vkey", expected="<name>+<8 hex digits>+<base64 of type and key>"
            )
        encoded = unb64(parts[2], what="public key")
        if not encoded:
            raise MalformedError("verifier key holds no key", rule="vkey")
        key = cls(name=parts[0], algorithm=encoded[0], public=encoded[1:])
        if key.key_id.hex() != parts[1]:
            raise MalformedError(
                f"verifier key says its hash is {parts[1]}, and it is {key.key_id.hex()}", rule="vkey"
            )
        return key

    @property
    def key_id(self) -> bytes:
        """signed-note § Signatures: SHA-256(name ‖ 0x0A ‖ type ‖ public key), the first four bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._encoded()).digest()[:KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """The line that `parse` reads."""
        return f"{self.name}+{self.key_id.hex()}+{b64(self._encoded())}"

    @property
    def is_cosigner(self) -> bool:
        """Whether its signatures are cosignatures, which say when a witness saw a checkpoint."""
        return self.algorithm != ED25519

    def _encoded(self) -> bytes:
        return bytes([self.algorithm]) + self.public


def check_name(name: str) -> None:
    """Refuse what may not stand as a key's name (signed-note § Format).

    Raises:
        MalformedError: empty, too long, not UTF-8, or with a space, a plus or a control character.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError as exc:
        raise MalformedError("key name is not UTF-8", rule="key_name") from exc
    if not 1 <= size <= MAX_NAME_BYTES:
        raise MalformedError(
            f"key name has {size} bytes", rule="key_name", expected=f"1 to {MAX_NAME_BYTES} bytes"
        )
    if any(each.isspace() or each == "+" or each < " " for each in name):
        raise MalformedError(
            f"key name {name!r:.80} has a space, a plus or a control character", rule="key_name"
        )
