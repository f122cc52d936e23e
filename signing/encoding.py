"""Base64url in the one form we print, read back strictly (SPEC §1.1).

A text that decodes but would not be printed again letter for letter is refused: padding, line breaks, the
other alphabet, and unused bits that are not zero (RFC 4648 §3.5) are second spellings of the same bytes.
"""

import base64
import binascii
import re

from signing.errors import MalformedError

_TO_URL = bytes.maketrans(b"+/", b"-_")
_URL_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def b64u(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return b64u_bytes(data).decode("ascii")


def b64u_bytes(data: bytes) -> bytes:
    """The same as ASCII bytes, for what is signed and sent as such."""
    encoded = binascii.b2a_base64(data, newline=False).rstrip(b"=")
    # Most of what we sign is JSON in ASCII, which hardly ever needs one of the two letters that differ.
    return encoded.translate(_TO_URL) if b"+" in encoded or b"/" in encoded else encoded


def unb64u(text: str, *, pointer: str = "", length: int | None = None) -> bytes:
    """The bytes of base64url without padding; `length` is the number of bytes expected, where it is fixed.

    Raises:
        MalformedError: another spelling than `b64u` would print, or another length.
    """
    if not isinstance(text, str) or not _URL_ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise MalformedError("not base64url without padding", pointer=pointer, rule="base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64u(data) != text:
        raise MalformedError("base64url has unused bits that are not zero", pointer=pointer, rule="base64url")
    if length is not None and len(data) != length:
        raise MalformedError(
            f"{len(data)} bytes, expected {length}",
            pointer=pointer,
            rule="length",
            expected=f"{length} bytes",
        )
    return data
