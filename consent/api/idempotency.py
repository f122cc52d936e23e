"""The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07), on the registry's `once`.

The draft's structured-field string and the bare key are both read. Only successes are kept: a refusal
changed nothing, and may be asked again.
"""

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import HttpResponse

from consent.api.operation import Idempotency, Operation
from consent.core.wire.problem import ApiError, fault
from consent.registry.idempotency import StoredAnswer, once
from consent.registry.ports import RegistryPorts
from signing.canonical import canonicalize, parse

if TYPE_CHECKING:
    from consent.api.view import Call

HEADER = "Idempotency-Key"
_KEY = "[A-Za-z0-9_.:-]{1,128}"
HEADER_PATTERN = f'^({_KEY}|"{_KEY}")$'
_HEADER = re.compile(HEADER_PATTERN)
_THUMBPRINT = re.compile("[A-Za-z0-9_-]{43}")


def run_once(
    call: "Call", described: Operation, answer: Callable[[], HttpResponse], *, ports: RegistryPorts
) -> HttpResponse:
    """The answer of this request, or the kept one of the same request before it.

    Raises:
        ApiError: the header is missing where it is required, or malformed.
        IdempotencyRunning, IdempotencyMismatch: as `once`.
    """
    text = call.request.headers.get(HEADER, "")
    if not text:
        if described.idempotency is Idempotency.REQUIRED:
            missing = fault("", "idempotency_key", "a fresh random key in Idempotency-Key", "none")
            raise ApiError("idempotency_key_missing", errors=[missing])
        return answer()
    if not _HEADER.fullmatch(text):
        malformed = fault("", "idempotency_key", "1 to 128 of A–Z a–z 0–9 _ . : -", text)
        raise ApiError("header_invalid", errors=[malformed])
    key = text.strip('"')
    with once(ports, scope=_scope(call), key=key, fingerprint=_fingerprint(call)) as attempt:
        if attempt.stored is not None:
            return _again(attempt.stored, call.media_type)
        response = answer()
        attempt.finish(response.status_code, response.content)
        return response


def _again(stored: StoredAnswer, media_type: str) -> HttpResponse:
    response = HttpResponse(stored.body, status=stored.status, content_type=media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _scope(call: "Call") -> str:
    """Who asks. A statement comes from nobody in particular: it is scoped by the key that it names."""
    if call.caller is not None:
        return call.caller.scope_name
    body = getattr(call.body, "body", {})
    named = body.get("by_credential", body.get("credential"))
    return f"statement/{named if isinstance(named, str) and _THUMBPRINT.fullmatch(named) else ''}"


def _fingerprint(call: "Call") -> str:
    """SHA-256 over method, path, query and the body's RFC 8785 form: spaces and order make no other request."""
    body = canonicalize(parse(call.data)) if call.data else b"{}"
    query = urlencode(sorted(call.request.GET.items()))
    head = f"{call.request.method} {call.request.path}{'?' if query else ''}{query}\n".encode()
    return hashlib.sha256(head + body).hexdigest()
