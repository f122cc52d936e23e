"""Is the process alive, can it decide, and what are its figures."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from consent.check.ledger.shipping import unshipped
from consent.log import outbox
from consent.log.errors import LogError
from consent.log.start import heads
from consent.registry.queries.ledger import ledger_gaps
from consent.server.metrics import CONTENT_TYPE
from consent.server.wiring import Wiring

_logger = logging.getLogger(__name__)


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
        body = self._wiring.metrics.exposition(self._gauges())
        response = HttpResponse(body, content_type=CONTENT_TYPE)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _gauges(self) -> Iterator[tuple[str, str, dict[str, str], float]]:
        text = "Last position in the history of each side."
        try:
            for livemode, head in zip((True, False), heads(self._wiring.registry.log), strict=True):
                yield "consent_log_seq", text, {"side": _side(livemode)}, head.seq
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM log_enforcement WHERE enforced_at IS NULL")
                waiting = cursor.fetchone()[0]
            yield "consent_enforcements_waiting", "Denials committed but not yet enforced.", {}, waiting
            notices, oldest_s = outbox.figures()
            yield "consent_outbox_waiting", "Notices to people that have not left yet.", {}, notices
            yield "consent_outbox_oldest_seconds", "Age of the oldest of them.", {}, oldest_s
            text = (
                "Places in a day's shipped decisions before which something is missing; 0 when all is well."
            )
            now = self._wiring.registry.clock()
            gaps = ledger_gaps(now=now, since=now - timedelta(days=1))
            yield "consent_ledger_gaps", text, {}, len(gaps)
        except (LogError, DatabaseError):
            _logger.warning("figures of the history cannot be read")
        waiting, oldest_s = unshipped(self._wiring.ledger_folder)
        yield "consent_ledger_waiting", "Segments of decisions here that are not shipped yet.", {}, waiting
        yield "consent_ledger_oldest_seconds", "Age of the oldest of them.", {}, oldest_s
        for entry in self._wiring.ring.index().keys:
            labels = {"side": _side(entry.livemode), "role": entry.role, "key": entry.kid[:8]}
            yield (
                "consent_key_not_after_seconds",
                "When a key's validity ends, seconds since 1970.",
                labels,
                entry.not_after.timestamp(),
            )


def _side(livemode: bool) -> str:
    return "live" if livemode else "test"


def _plain(status: int, body: bytes) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
