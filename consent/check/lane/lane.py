"""The fast lane: plain requests answered in the WSGI callable, before Django's handler (DESIGN §8 "Lane").

It takes the requests that pipelines really send. Whatever is unusual about one (a query, another media type, a
chunked body, no or a strange Authorization) goes on to the API's view, which answers it anyway; so there is
one reading of every oddity, and the two can differ in nothing but speed.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from consent.check.caller import OrganizationCaller
from consent.check.callers import Callers
from consent.check.lane.meter import Meter
from consent.check.lane.request_ids import is_odd, shown_id
from consent.check.lane.route import Call, Headers, Route
from consent.check.problems import to_api_error
from consent.core.wire.encode import encode
from consent.core.wire.problem import ApiError, fault, problem_headers, to_problem

CHALLENGE = 'Bearer realm="consent"'
_ACCEPTS = frozenset({"", "*/*", "application/json"})
_TYPES = frozenset({"application/json", "application/json; charset=utf-8"})
_BEARER = "Bearer "
_SECRET = re.compile(r"Bearer crk_(?:live|test)_[A-Za-z0-9_-]{43}")
_log = logging.getLogger(__name__)
MAX_AGE_S = 300  # of public documents in caches
CACHED = {"Cache-Control": f"public, max-age={MAX_AGE_S}", "Access-Control-Allow-Origin": "*"}


class LaneAnswer(NamedTuple):
    """A whole answer. `status_line` is as WSGI wants it (PEP 3333); `route` and `method` are for metrics and logs."""

    status: int
    status_line: str
    headers: list[tuple[str, str]]
    body: bytes
    route: str
    method: str
    request_id: str


class Lane:
    """Safe to share between threads. `always` are headers that every answer of the server carries.

    `documents` are JSON documents that anybody may read, by their paths; the API's views of them answer the same.
    """

    def __init__(
        self,
        *,
        routes: Sequence[Route],
        callers: Callers,
        origin: str,
        new_request_id: Callable[[], str],
        always: Mapping[str, str],
        meter: Meter | None = None,
        documents: Mapping[str, bytes] | None = None,
    ) -> None:
        self._routes = {route.name: route for route in routes}
        self._callers = callers
        self._origin = origin
        self._new_request_id = new_request_id
        self._always = tuple(always.items())
        self._allowed = [
            ("Cache-Control", "no-store"),
            ("Content-Type", "application/json"),
            *self._always,
        ]
        self._meter = meter
        self._documents = dict(documents or {})

    def answer(self, environ: Mapping[str, Any]) -> LaneAnswer | None:
        """The answer to a plain request; None for everything else, of which nothing was read."""
        route = self._routes.get(environ["PATH_INFO"])
        if route is None:
            return self._document(environ)
        if not _is_plain(environ, route):
            return None
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        secret = authorization[len(_BEARER) :]
        # A key that was found lately has the form of one.
        caller = self._callers.known(secret) if authorization.startswith(_BEARER) else None
        if caller is None and not _SECRET.fullmatch(authorization):
            return None
        request_id = self._new_request_id()
        call: Call | None = None
        try:
            caller = self._with_scope(caller or self._found(secret, environ), route)
            query = environ.get("QUERY_STRING", "")
            call = Call(caller, route=route.name, query=query, request_id=request_id, origin=self._origin)
            if self._meter is not None:
                call.measured(self._meter)
            if route.max_bytes:
                call.body = _body(environ)
                # DESIGN §8: facts are taken after the request was read, and a key is a fact. Whoever sends the rest of
                # a body slowly may have been switched off meanwhile.
                caller = self._callers.known(secret) or self._found(secret, environ)
                call.caller = self._with_scope(caller, route)
            answer = self._written(route, request_id, route.answer(call), call.told)
        except Exception as exc:  # noqa: BLE001  # whatever it is, it ends in a problem and never in an answer
            answer = self._problem(exc, () if call is None else call.told, route, request_id)
        return answer if "HTTP_X_REQUEST_ID" not in environ else _echoed(answer, environ)

    def _found(self, secret: str, environ: Mapping[str, Any]) -> OrganizationCaller:
        digest = hashlib.sha256(secret.encode()).digest()
        return self._callers.find(digest, secret=secret, meta=environ)

    def _with_scope(self, caller: OrganizationCaller, route: Route) -> OrganizationCaller:
        if route.scope not in caller.scopes:
            raise ApiError("scope_missing", errors=[fault("", "scope", route.scope, "a key without it")])
        return caller

    def _written(self, route: Route, request_id: str, body: bytes, told: Headers) -> LaneAnswer:
        own = [("Content-Length", str(len(body))), ("X-Request-Id", request_id)]
        return LaneAnswer(
            200, "200 OK", [*self._allowed, *told, *own], body, route.name, route.method, request_id
        )

    def _document(self, environ: Mapping[str, Any]) -> LaneAnswer | None:
        path = environ["PATH_INFO"]
        document = self._documents.get(path)
        if document is None or environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING"):
            return None
        if environ.get("HTTP_ACCEPT", "") not in _ACCEPTS or _is_odd(environ):
            return None
        request_id = self._new_request_id()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(document))),
            *CACHED.items(),
            ("X-Request-Id", request_id),
            *self._always,
        ]
        return LaneAnswer(200, "200 OK", headers, document, path, "GET", request_id)

    def _problem(self, exc: Exception, told: Headers, route: Route, request_id: str) -> LaneAnswer:
        error = to_api_error(exc)
        problem = to_problem(error, origin=self._origin, request_id=request_id)
        status, body = problem.status, encode(problem)
        if status >= 500:
            trace = exc if problem.code == "internal" else None
            _log.error("%s answered %s: %s", request_id, problem.code, type(exc).__name__, exc_info=trace)
        headers = {
            "Cache-Control": "no-store",
            **dict(told),
            **problem_headers(problem, error, challenge=CHALLENGE),
            "Content-Length": str(len(body)),
            "X-Request-Id": request_id,
        }
        every = [*headers.items(), *self._always]
        return LaneAnswer(
            status, f"{status} {HTTPStatus(status).phrase}", every, body, route.name, route.method, request_id
        )


def _echoed(answer: LaneAnswer, environ: Mapping[str, Any]) -> LaneAnswer:
    shown = ("X-Request-Id", shown_id(environ, answer.request_id))
    return answer._replace(headers=[*(each for each in answer.headers if each[0] != shown[0]), shown])


def _is_plain(environ: Mapping[str, Any], route: Route) -> bool:
    """Whether it is a request that the lane takes, if its API key has the form of one."""
    if environ["REQUEST_METHOD"] != route.method or (environ.get("QUERY_STRING") and not route.takes_query):
        return False
    if not _has_plain_body(environ, route.max_bytes):
        return False
    if environ.get("HTTP_ACCEPT", "") not in _ACCEPTS or _is_odd(environ):
        return False
    return "HTTP_X_REQUEST_ID" not in environ or not is_odd(environ)


def _is_odd(environ: Mapping[str, Any]) -> bool:
    return (
        "HTTP_CONTENT_ENCODING" in environ or "HTTP_TRANSFER_ENCODING" in environ or "HTTP_EXPECT" in environ
    )


def _has_plain_body(environ: Mapping[str, Any], max_bytes: int) -> bool:
    length = environ.get("CONTENT_LENGTH") or ""
    if not max_bytes:
        return length in ("", "0")
    if not (length.isascii() and length.isdigit() and len(length) < 10 and 0 < int(length) <= max_bytes):
        return False
    return environ.get("CONTENT_TYPE") in _TYPES


def _body(environ: Mapping[str, Any]) -> bytes:
    """The whole body; a client that stops in the middle asked nothing."""
    declared = int(environ["CONTENT_LENGTH"])
    data: bytes = environ["wsgi.input"].read(declared)
    if not data:
        raise ApiError("body_missing", errors=[fault("", "body", "a JSON object", "nothing")])
    return data
