"""Calls to the registry's JSON API: what is retried, what is refused, and how a failure is told.

An answer counts only when it is a 2xx with a JSON content type, of bounded size and strictly parsed.
Everything else raises: nothing here can turn a failure into a permission.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import TypeVar

from consent.client.errors import Unavailable, UnreliableAnswer
from consent.client.problems import raise_problem, unavailable
from consent.client.transport import HttpRequest, HttpResponse, HttpTransport, Transport, TransportError
from consent.core.wire.encode import encode
from signing import canonical
from signing.errors import SigningError

TIMEOUT_S = 10.0  # whole call, retries included
ATTEMPTS = 3
FIRST_PAUSE_S = 0.2  # doubled after each attempt, with jitter
LONGEST_PAUSE_S = 2.0  # a registry that asks for more is reported, not waited for
ANSWER_BYTES = 1 << 20
T = TypeVar("T")
_RANDOM = SystemRandom()
RETRIED_STATUS = frozenset({429, 502, 503, 504})
JSON_TYPES = frozenset({"application/json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A 2xx answer whose body was read strictly. `json` is an object."""

    status: int
    json: Mapping[str, object]
    raw: bytes


class Exchange:
    """JSON over one transport to one registry. `authorize(method, url)` makes each attempt's credential."""

    def __init__(
        self,
        *,
        address: str,
        authorize: Callable[[str, str], str] | None,
        transport: Transport | None = None,
        timeout_s: float = TIMEOUT_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self.address = address
        self._authorize = authorize
        self._transport = transport or HttpTransport()
        self._timeout_s = timeout_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._jitter = jitter

    def get(self, path: str, *, max_bytes: int = ANSWER_BYTES, repeat: bool = True) -> Answer:
        """Read a resource; repeated within the time-out, for reading twice changes nothing, unless `repeat` is off."""
        return self._call("GET", path, body=None, headers={}, repeat=repeat, max_bytes=max_bytes)

    def post(
        self,
        path: str,
        body: Mapping[str, object],
        *,
        idempotency_key: str = "",
        repeat: bool = False,
        max_bytes: int = ANSWER_BYTES,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send a body. Repeated only with an idempotency key, or where `repeat` says that twice is as once."""
        headers = {"Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        data = encode(body)
        return self._call(
            "POST",
            path,
            body=data,
            headers=headers,
            repeat=repeat or bool(idempotency_key),
            max_bytes=max_bytes,
            timeout_s=timeout_s,
        )

    def post_for_file(
        self, path: str, body: Mapping[str, object], *, media_type: str, max_bytes: int, timeout_s: float
    ) -> bytes:
        """Send a body that changes nothing, and read a file of that media type, whatever is in it."""
        headers = {"Content-Type": "application/json", "Accept": media_type}
        return self._send(
            "POST",
            path,
            body=encode(body),
            headers=headers,
            repeat=True,
            max_bytes=max_bytes,
            timeout_s=timeout_s,
            read=lambda response: _file(response, media_type=media_type),
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None,
        headers: Mapping[str, str],
        repeat: bool,
        max_bytes: int,
        timeout_s: float | None = None,
    ) -> Answer:
        return self._send(
            method,
            path,
            body=body,
            headers=headers,
            repeat=repeat,
            max_bytes=max_bytes,
            timeout_s=timeout_s,
            read=lambda response: _accept(response, max_bytes=max_bytes),
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None,
        headers: Mapping[str, str],
        repeat: bool,
        max_bytes: int,
        timeout_s: float | None,
        read: Callable[[HttpResponse], T],
    ) -> T:
        limit_s = timeout_s or self._timeout_s
        deadline = self._monotonic() + limit_s
        pause_s = FIRST_PAUSE_S
        attempt = 1
        while True:
            remaining_s = deadline - self._monotonic()
            if remaining_s <= 0:
                raise Unavailable(f"no answer from {self.address} within {limit_s:g} s")
            request = self._request(method, path, body, headers, timeout_s=remaining_s, max_bytes=max_bytes)
            try:
                response = self._transport.send(request)
            except TransportError as exc:
                failure = Unavailable(f"{exc}; check CONSENT_URL and that the registry runs")
                failure.__cause__ = exc
            else:
                running = response.status == 409 and "retry-after" in response.headers  # idempotency_running
                if response.status not in RETRIED_STATUS and not running:
                    return read(response)
                failure = unavailable(response)
            pause = max(failure.retry_after_s or 0.0, pause_s * (0.5 + self._jitter() / 2))
            too_late = pause > LONGEST_PAUSE_S or self._monotonic() + pause >= deadline
            if not repeat or attempt >= ATTEMPTS or too_late:
                raise failure
            self._sleep(pause)
            attempt += 1
            pause_s *= 2

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        timeout_s: float,
        max_bytes: int,
    ) -> HttpRequest:
        url = self.address + path
        sent = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "consent-registry-sdk",
        }
        sent |= headers
        if self._authorize is not None:
            sent["Authorization"] = self._authorize(method, url)
        return HttpRequest(
            method=method, url=url, headers=sent, body=body, timeout_s=timeout_s, max_bytes=max_bytes
        )


def _accept(response: HttpResponse, *, max_bytes: int) -> Answer:
    """The parsed answer, or the error that this response is."""
    _check_status(response)
    json = read_json(response, accepted=JSON_TYPES, max_bytes=max_bytes)
    if not isinstance(json, dict):
        raise UnreliableAnswer(f"expected a JSON object from the registry, got {type(json).__name__}")
    return Answer(status=response.status, json=json, raw=response.body)


def _file(response: HttpResponse, *, media_type: str) -> bytes:
    """The body of an answer of that media type, or the error that this response is."""
    _check_status(response)
    _check_type(response, accepted=frozenset({media_type}))
    return response.body


def _check_status(response: HttpResponse) -> None:
    if 300 <= response.status < 400:
        raise UnreliableAnswer(
            f"expected an answer, got a redirect (HTTP {response.status}); a key is never sent on: "
            "set CONSENT_URL to the registry's own address"
        )
    if response.status not in {200, 201}:
        raise_problem(response)


def read_json(response: HttpResponse, *, accepted: frozenset[str], max_bytes: int) -> object:
    """The body strictly parsed. Raises UnreliableAnswer for another content type or malformed JSON."""
    _check_type(response, accepted=accepted)
    try:
        return canonical.parse(response.body, max_bytes=max_bytes)
    except SigningError as exc:
        raise UnreliableAnswer(f"the registry's answer is not strict JSON: {exc}") from exc


def _check_type(response: HttpResponse, *, accepted: frozenset[str]) -> None:
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in accepted:
        raise UnreliableAnswer(
            f"expected {' or '.join(sorted(accepted))} from the registry, got "
            f"{content_type or 'no content type'} (HTTP {response.status}); is CONSENT_URL a registry's address?"
        )
