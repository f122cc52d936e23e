"""The fast lane: plain checks answered in the WSGI callable, before Django's handler (DESIGN §8 "Lane").

It takes the requests that pipelines really send. Whatever is unusual about one (a query, another media type, a
chunked body, no or a strange Authorization) goes on to the API's view, which answers it anyway; so there is
one reading of every oddity, and the two can differ in nothing but speed.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import close_old_connections

from consent.check.caller import OrganizationCaller
from consent.check.callers import Callers
from consent.check.checks import Checks
from consent.check.problems import to_api_error
from consent.check.question_body import read_batch, read_check
from consent.core.wire.check import Problem
from consent.core.wire.decode import MAX_BATCH_BYTES, MAX_CHECK_BYTES
from consent.core.wire.encode import encode
from consent.core.wire.problem import ApiError, fault, problem_headers, to_problem

CHECK, BATCH = "/v1/check", "/v1/check/batch"
CHALLENGE = 'Bearer realm="consent"'
SCOPE = "check"
_LIMITS = {CHECK: MAX_CHECK_BYTES, BATCH: MAX_BATCH_BYTES}
_ACCEPTS = frozenset({"", "*/*", "application/json"})
_TYPES = frozenset({"application/json", "application/json; charset=utf-8"})
_ODD = ("HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT")
_SECRET = re.compile(r"Bearer (crk_(?:live|test)_[A-Za-z0-9_-]{43})")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneAnswer:
    """A whole answer. `route` names it in metrics and logs."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    route: str
    request_id: str

    @property
    def status_line(self) -> str:
        """As WSGI wants it (PEP 3333)."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


class Lane:
    """Safe to share between threads. `always` are headers that every answer of the server carries."""

    def __init__(
        self,
        *,
        checks: Checks,
        callers: Callers,
        origin: str,
        new_request_id: Callable[[], str],
        always: Mapping[str, str],
    ) -> None:
        self._checks = checks
        self._callers = callers
        self._origin = origin
        self._new_request_id = new_request_id
        self._always = tuple(always.items())

    def answer(self, environ: Mapping[str, Any]) -> LaneAnswer | None:
        """The answer to a plain check; None for everything else, of which nothing was read."""
        path = environ["PATH_INFO"]
        secret = _plain(environ, path)
        if secret is None:
            return None
        request_id = self._new_request_id()
        close_old_connections()  # as Django does at the beginning of each request
        try:
            body = encode(self._decide(environ, path, secret, request_id))
            return self._written(200, {"Content-Type": "application/json"}, body, path, request_id)
        except Exception as exc:  # noqa: BLE001  # whatever it is, it ends in a problem and never in an answer
            return self._problem(exc, path, request_id)

    def _decide(self, environ: Mapping[str, Any], path: str, secret: str, request_id: str) -> Any:
        caller = self._callers.find(hashlib.sha256(secret.encode()).digest(), secret=secret)
        if SCOPE not in caller.scopes:
            raise ApiError("scope_missing", errors=[fault("", "scope", SCOPE, "a key without it")])
        data = _body(environ, path)
        if path == CHECK:
            return self._checks.check(read_check(data), caller=caller)
        return self._batch(data, caller, request_id)

    def _batch(self, data: bytes, caller: OrganizationCaller, request_id: str) -> Any:
        def word(exc: Exception) -> Problem:
            return to_problem(to_api_error(exc), origin=self._origin, request_id=request_id)

        return self._checks.batch(read_batch(data), caller=caller, to_problem=word)

    def _problem(self, exc: Exception, path: str, request_id: str) -> LaneAnswer:
        error = to_api_error(exc)
        problem = to_problem(error, origin=self._origin, request_id=request_id)
        if problem.status >= 500:
            trace = exc if problem.code == "internal" else None
            _log.error("%s answered %s: %s", request_id, problem.code, type(exc).__name__, exc_info=trace)
        headers = problem_headers(problem, error, challenge=CHALLENGE)
        return self._written(problem.status, headers, encode(problem), path, request_id)

    def _written(
        self, status: int, headers: Mapping[str, str], body: bytes, path: str, request_id: str
    ) -> LaneAnswer:
        every = {"Cache-Control": "no-store", **headers, "Content-Length": str(len(body))}
        return LaneAnswer(
            status=status,
            headers=[*every.items(), ("X-Request-Id", request_id), *self._always],
            body=body,
            route=path,
            request_id=request_id,
        )


def _plain(environ: Mapping[str, Any], path: str) -> str | None:
    """The API key of a request that the lane takes, None for any other."""
    if path not in _LIMITS or environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING"):
        return None
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit() and len(length) < 10 and 0 < int(length) <= _LIMITS[path]):
        return None
    if environ.get("HTTP_ACCEPT", "") not in _ACCEPTS or environ.get("CONTENT_TYPE") not in _TYPES:
        return None
    if any(name in environ for name in _ODD):
        return None
    found = _SECRET.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    return None if found is None else found[1]


def _body(environ: Mapping[str, Any], path: str) -> bytes:
    """The whole body; a client that stops in the middle asked nothing."""
    declared = int(environ["CONTENT_LENGTH"])
    data: bytes = environ["wsgi.input"].read(declared)
    if not data:
        raise ApiError("body_missing", errors=[fault("", "body", "a JSON object", "nothing")])
    return data
