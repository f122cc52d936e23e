"""One HTTP exchange: no redirects, no decoding, bounded in time and in size."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

CONNECT_TIMEOUT_S = 3.0
READ_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What is sent. `headers` may hold a key, so a repr leaves them out."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_s: float
    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class TransportError(Exception):
    """No complete response: refused, timed out, cut off, too large. The message names no header."""


class Transport(Protocol):
    """Sends one request and returns the whole response."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """Return whatever status came; follow no redirect. Raises TransportError when none came whole."""


class HttpTransport:
    """urllib3 with pooled connections and certificate checks; it never retries and never follows."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=8, retries=False)
        self._monotonic = monotonic

    def send(self, request: HttpRequest) -> HttpResponse:
        """As the protocol says; the time-out bounds the whole exchange, a dripping body included."""
        deadline = self._monotonic() + request.timeout_s
        timeout = urllib3.Timeout(connect=min(CONNECT_TIMEOUT_S, request.timeout_s), read=request.timeout_s)
        try:
            response = self._pool.request(
                request.method,
                request.url,
                body=request.body,
                headers=dict(request.headers),
                timeout=timeout,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
        except (ConnectTimeoutError, NewConnectionError) as exc:
            raise TransportError(f"no connection to {_origin(request.url)}: {_brief(exc)}") from exc
        except (HTTPError, ValueError, UnicodeError) as exc:
            raise TransportError(f"no response from {_origin(request.url)}: {_brief(exc)}") from exc
        try:
            body = self._read(response, request=request, deadline=deadline)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(status=response.status, headers=headers, body=body)

    def _read(self, response: urllib3.BaseHTTPResponse, *, request: HttpRequest, deadline: float) -> bytes:
        body = bytearray()
        while True:
            try:
                chunk = response.read1(READ_CHUNK_BYTES, decode_content=False)
            except (HTTPError, ValueError) as exc:
                raise TransportError(f"the response was cut off: {_brief(exc)}") from exc
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > request.max_bytes:
                raise TransportError(f"the response is larger than {request.max_bytes} bytes")
            if self._monotonic() > deadline:
                raise TransportError(f"the response took longer than {request.timeout_s:g} s")


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _brief(exc: Exception) -> str:
    """The cause in one line, without the pool object that urllib3 prints before it."""
    text = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
    return text.rpartition("): ")[2] or text
