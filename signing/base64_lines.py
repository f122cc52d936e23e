"""Standard base64 with padding in the one form that prints, as the C2SP formats have it (SPEC §14.1)."""

import base64
import binascii

from signing.errors import MalformedError


def b64(data: bytes) -> str:
    """RFC 4648 §4 with padding."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str, *, what: str, length: int | None = None) -> bytes:
    """The bytes of base64 that `b64` would print; `what` names them in the error, `length` is their number.

    Raises:
        MalformedError: another spelling, or another length.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise MalformedError(
            f"{what} is not base64", rule="base64", expected="RFC 4648 §4, with padding"
        ) from exc
    if b64(data) != text:
        raise MalformedError(f"{what} is base64 with unused bits that are not zero", rule="base64")
    if length is not None and len(data) != length:
        raise MalformedError(
            f"{what} has {len(data)} bytes, expected {length}", rule="length", expected=f"{length} bytes"
        )
    return data


def unb64_hash(text: str, *, what: str) -> bytes:
    """A SHA-256 hash on a line of its own."""
    return unb64(text, what=what, length=32)
