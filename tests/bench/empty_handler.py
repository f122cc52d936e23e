"""The least that granian can serve: the ruler that the registry's numbers are held against."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b"{}"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Read the request and answer two bytes."""
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]
