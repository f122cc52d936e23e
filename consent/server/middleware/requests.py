"""Give a request its id, and say in one line what became of it."""

import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from consent.core.ids import new_id
from consent.server.wiring import wiring

Handler = Callable[[HttpRequest], HttpResponse]
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")
_logger = logging.getLogger("consent.requests")


def requests(get_response: Handler) -> Handler:
    """The outermost middleware. An id that a client sends is not taken over: it would stand in our logs."""
    metrics = wiring().metrics

    def handle(request: HttpRequest) -> HttpResponse:
        request.request_id = new_id("req")  # type: ignore[attr-defined]  # read by `consent.api.request_id`
        began = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - began
        route, method = route_of(request), (request.method or "").upper()
        method = method if method in _METHODS else "other"
        metrics.request(route=route, method=method, status=response.status_code, seconds=seconds)
        response.headers.setdefault("X-Request-Id", request.request_id)  # type: ignore[attr-defined]
        _logger.info(
            "request",
            extra={
                "request_id": request.request_id,  # type: ignore[attr-defined]
                "route": route,
                "method": method,
                "status": response.status_code,
                "duration_ms": round(seconds * 1000, 1),
            },
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
