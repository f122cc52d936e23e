"""JSON values as canonical bytes in columns, and back."""

import hashlib
from typing import Any

from consent.registry.errors import Invalid
from signing.canonical import canonicalize, parse
from signing.errors import MalformedError


def to_bytes(value: Any) -> bytes:
    """The RFC 8785 bytes; Invalid for what has none (floats, huge integers, lone surrogates)."""
    try:
        return canonicalize(value)
    except MalformedError as exc:
        raise Invalid(str(exc), pointer=exc.pointer, rule=exc.rule or "i_json") from exc


def from_bytes(data: bytes | memoryview) -> Any:
    """The value of bytes that `to_bytes` made."""
    return parse(bytes(data))


def sha256(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()
