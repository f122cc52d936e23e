"""Request bodies: bounded, strictly parsed JSON of the declared type (DESIGN §15)."""

import re
from typing import Any

from django.http import HttpRequest
from msgspec import UNSET

from consent.api.operation import Operation
from consent.core.wire.decode import convert, parse_json
from consent.core.wire.errors import WireError
from consent.core.wire.problem import ApiError, fault

_JSON = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)
_NUL = "\x00"  # PostgreSQL's text and jsonb hold every character but this one


def read_body(request: HttpRequest, operation: Operation) -> bytes:
    """The raw body within the operation's bound.

    Raises:
        ApiError: too large, of another type or coding, or missing where one is needed.
    """
    declared = _content_length(request)
    if declared > operation.max_bytes:
        raise _too_large(operation, declared)
    data = request.read(operation.max_bytes + 1)
    if len(data) > operation.max_bytes:
        raise _too_large(operation, len(data))
    if not data:
        if operation.body_optional:
            return b""
        raise ApiError("body_missing", errors=[fault("", "body", "a JSON object", "nothing")])
    content_type = request.headers.get("Content-Type", "")
    if not _JSON.fullmatch(content_type.strip()):
        raise ApiError(
            "content_type_unsupported",
            errors=[fault("", "content_type", "application/json", content_type or "none")],
        )
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.strip().lower() != "identity":
        raise ApiError(
            "content_type_unsupported", errors=[fault("", "content_encoding", "no coding", coding)]
        )
    return data


def parse_body(data: bytes, operation: Operation) -> Any:
    """The typed body. Duplicates, unknown members, floats and U+0000 are refused, each with its pointer.

    Raises:
        WireError: a fault of the body.
    """
    assert operation.body is not None
    if operation.decode is not None:
        return operation.decode(data)
    document = parse_json(data, max_bytes=operation.max_bytes) if data else {}
    refuse_nul(document)
    return convert(document, operation.body)


def refuse_nul(document: Any, pointer: str = "") -> None:
    """Refuse U+0000 anywhere; depth was bounded by the parser."""
    if isinstance(document, str):
        if _NUL in document:
            raise WireError(pointer, "no_nul", "text without U+0000", "text with U+0000", "value_invalid")
    elif isinstance(document, dict):
        for name, value in document.items():
            step = name.replace("~", "~0").replace("/", "~1").replace(_NUL, "\N{REPLACEMENT CHARACTER}")
            refuse_nul(name, f"{pointer}/{step}")
            refuse_nul(value, f"{pointer}/{step}")
    elif isinstance(document, list):
        for index, value in enumerate(document):
            refuse_nul(value, f"{pointer}/{index}")


def sent(value: Any) -> dict[str, Any]:
    """The members of a request struct that were sent, by name; what was left out is absent."""
    return {name: member for name in value.__struct_fields__ if (member := getattr(value, name)) is not UNSET}


def _content_length(request: HttpRequest) -> int:
    text = request.headers.get("Content-Length") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _too_large(operation: Operation, size: int) -> ApiError:
    limit = f"at most {operation.max_bytes} bytes"
    return ApiError("body_too_large", errors=[fault("", "body_size", limit, f"{size} bytes or more")])
