"""Give a request its id, and say in one line what became of it."""

import re
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from consent.core.ids import new_id
from consent.server.wiring import wiring

Handler = Callable[[HttpRequest], HttpResponse]
_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")


def requests(get_response: Handler) -> Handler:
    """The outermost middleware. An id that a client sends is not taken over: it would stand in our logs."""
    note = wiring().request_log.note

    def handle(request: HttpRequest) -> HttpResponse:
        request.request_id = new_id("req")  # type: ignore[attr-defined]  # read by `consent.api.request_id`
        began = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - began
        response.headers.setdefault("X-Request-Id", request.request_id)  # type: ignore[attr-defined]
        note(
            request.request_id,  # type: ignore[attr-defined]
            route_of(request),
            (request.method or "").upper(),
            response.status_code,
            seconds,
        )
        return response

    return handle


def route_of(request: HttpRequest) -> str:
    """The pattern that matched, never the address itself; one word for everything that matched none."""
    match = request.resolver_match
    if match is None:
        return "unmatched"
    # A regular expression's groups by their names: ^v1/offers/(?P<offer>off_…)\\Z is /v1/offers/{offer}.
    route = _GROUP.sub(r"{\1}", str(match.route)).removeprefix("^").removesuffix("\\Z")
    return "/" + route.replace("\\", "")
