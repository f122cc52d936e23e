"""Around every request: its id, the host it came for, headers that protect, and one line in the log."""

import logging
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from consent.api.problems import ApiError, problem_response
from consent.core.ids import new_id
from consent.server import metrics

_log = logging.getLogger("consent.access")

# Pages load our own stylesheet and nothing else; there is no inline script or style anywhere.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS = "max-age=63072000; includeSubDomains"
_PROBED = frozenset({"/healthz", "/readyz", "/metrics"})  # asked by address, without the public name

Respond = Callable[[HttpRequest], HttpResponseBase]


class RequestMiddleware:
    """The outermost layer; made by `request_middleware(origins)`."""

    def __init__(self, respond: Respond, *, origins: frozenset[str]) -> None:
        self._respond = respond
        self._hosts = frozenset(urlsplit(origin).netloc for origin in origins)
        self._origin = min(origins)
        self._secure = all(origin.startswith("https://") for origin in origins)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        began = time.perf_counter()
        request.request_id = new_id("req")  # type: ignore[attr-defined]  # read by `request_id_of`
        # WSGI folds repeated Host headers into one text with a comma, which is no host of ours.
        if request.META.get("HTTP_HOST", "") in self._hosts or request.path in _PROBED:
            response = self._respond(request)
        else:
            response = self._problem(ApiError("host_unknown"), request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if self._secure:
            response.headers["Strict-Transport-Security"] = _HSTS
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        self._note(request, response, time.perf_counter() - began)
        return response

    def _problem(self, exc: Exception, request: HttpRequest) -> HttpResponse:
        return problem_response(
            exc,
            origin=self._origin,
            request_id=request.request_id,  # type: ignore[attr-defined]
        )

    def _note(self, request: HttpRequest, response: HttpResponseBase, took_s: float) -> None:
        # The route, never the path: a path may hold an id or an invitation's code.
        match = request.resolver_match
        route = match.route if match is not None else "none"
        metrics.REQUESTS.labels(route, request.method, response.status_code).inc()
        metrics.LATENCY.labels(route).observe(took_s)
        _log.info(
            "answered",
            extra={
                "request_id": request.request_id,  # type: ignore[attr-defined]
                "method": request.method,
                "route": route,
                "status": response.status_code,
                "ms": round(took_s * 1000, 2),
            },
        )


def request_middleware(origins: frozenset[str]) -> Callable[[Respond], RequestMiddleware]:
    """The middleware for a registry that answers at these origins."""

    def wrap(respond: Respond) -> RequestMiddleware:
        return RequestMiddleware(respond, origins=origins)

    return wrap
