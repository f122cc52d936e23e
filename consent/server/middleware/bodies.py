"""The outer bound of request bodies; each operation of the API has a narrower one of its own."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from consent.core.wire.problem import ApiError, fault
from consent.server.problems import answer

MAX_BODY_BYTES = 16 << 20  # above the largest operation's bound; nothing is read before this is known

Handler = Callable[[HttpRequest], HttpResponse]


def bodies(get_response: Handler) -> Handler:
    """Refuse a body that declares more than any operation takes, or that declares nothing readable."""

    def handle(request: HttpRequest) -> HttpResponse:
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if not (declared.isascii() and declared.isdigit()):
            found = fault("", "content_length", "a decimal number", declared)
            return answer(request, ApiError("header_invalid", errors=[found]))
        if len(declared) > 15 or int(declared) > MAX_BODY_BYTES:
            found = fault("", "body_size", f"at most {MAX_BODY_BYTES} bytes", f"{declared[:15]} bytes")
            return answer(request, ApiError("body_too_large", errors=[found]))
        return get_response(request)

    return handle
