"""What became of a request, in one log line and in the metrics: never an address, never who asked."""

import logging

from consent.server.metrics import Metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_logger = logging.getLogger("consent.requests")


def note_request(
    metrics: Metrics, *, request_id: str, route: str, method: str, status: int, seconds: float
) -> None:
    """`route` is a pattern, such as /v1/offers/{offer}."""
    known = method if method in _METHODS else "other"
    metrics.request(route=route, method=known, status=status, seconds=seconds)
    _logger.info(
        "request",
        extra={
            "request_id": request_id,
            "route": route,
            "method": known,
            "status": status,
            "duration_ms": round(seconds * 1000, 1),
        },
    )
