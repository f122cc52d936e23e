"""Is the process alive, can it decide, and what are its figures."""

import json

from django.http import HttpRequest, HttpResponse

from consent.server.gauges import gauges
from consent.server.metrics import CONTENT_TYPE
from consent.server.wiring import Wiring


class Health:
    """The three addresses for machines that watch this one."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def alive(self, request: HttpRequest) -> HttpResponse:
        """`/healthz`: the process answers; asks nobody else, so that a sick database restarts nothing."""
        return _plain(200, b"ok\n")

    def ready(self, request: HttpRequest) -> HttpResponse:
        """`/readyz`: the database, its history and the signing keys can be used; otherwise 503 and what cannot."""
        missing = dict(self._wiring.web.missing())
        body = json.dumps({"ready": not missing, "missing": missing}).encode() + b"\n"
        response = HttpResponse(body, status=503 if missing else 200, content_type="application/json")
        response.headers["Cache-Control"] = "no-store"
        if missing:
            response.headers["Retry-After"] = "2"
        return response

    def metrics(self, request: HttpRequest) -> HttpResponse:
        """`/metrics`: Prometheus' text form."""
        body = self._wiring.metrics.exposition(gauges(self._wiring))
        response = HttpResponse(body, content_type=CONTENT_TYPE)
        response.headers["Cache-Control"] = "no-store"
        return response


def _plain(status: int, body: bytes) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
