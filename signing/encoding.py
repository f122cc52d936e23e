"""Base64 in the two forms we print, read back strictly (SPEC §1.1).

A text that decodes but would not be printed again letter for letter is refused: padding, line breaks, the
other alphabet, and unused bits that are not zero (RFC 4648 §3.5) are second spellings of the same bytes.
"""

import base64
import binascii
import re

from signing.errors import MalformedError

_URL_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_STD_ALPHABET = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


def b64u(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


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


def b64(data: bytes) -> str:
    """Base64 with padding (RFC 4648 §4)."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str, *, pointer: str = "") -> bytes:
    """The bytes of base64 with padding.

    Raises:
        MalformedError: another spelling than `b64` would print.
    """
    if not isinstance(text, str) or not _STD_ALPHABET.fullmatch(text):
        raise MalformedError("not base64", pointer=pointer, rule="base64")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise MalformedError("not base64", pointer=pointer, rule="base64") from exc
    if b64(data) != text:
        raise MalformedError("base64 has unused bits that are not zero", pointer=pointer, rule="base64")
    return data
