"""Exceptions to RFC 9457 problems, in one place. Whatever it is, it ends in a problem, never in an answer."""

import logging

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponse
from rest_framework import exceptions

from consent.check import problems as shared
from consent.core.wire.check import Problem
from consent.core.wire.encode import encode
from consent.core.wire.problem import ApiError, problem_headers, to_problem

_log = logging.getLogger(__name__)

# Exceptions of the frameworks and what they mean here; the first that fits counts.
_FRAMEWORKS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((Http404, exceptions.NotFound), "not_found"),
    ((exceptions.MethodNotAllowed,), "method_not_allowed"),
    ((exceptions.NotAcceptable,), "not_acceptable"),
    ((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), "unauthenticated"),
    ((exceptions.UnsupportedMediaType,), "content_type_unsupported"),
    ((RequestDataTooBig,), "body_too_large"),
)


def to_api_error(exc: Exception) -> ApiError:
    """Name the kind of any exception, those of the frameworks included."""
    for kinds, code in _FRAMEWORKS:
        if isinstance(exc, kinds):
            return ApiError(code)
    return shared.to_api_error(exc)


def problem_response(exc: Exception, *, origin: str, request_id: str, challenge: str = "") -> HttpResponse:
    """The whole answer to a request that failed. `challenge` is the WWW-Authenticate of a 401."""
    error = to_api_error(exc)
    problem = to_problem(error, origin=origin, request_id=request_id)
    if problem.status >= 500:
        # Without the exception's arguments: they may hold what a person sent.
        _log.error(
            "%s answered %s: %s", request_id, problem.code, type(exc).__name__, exc_info=_trace(exc, problem)
        )
    headers = problem_headers(problem, error, challenge=challenge)
    return HttpResponse(encode(problem), status=problem.status, headers=headers)


def _trace(exc: Exception, problem: Problem) -> BaseException | None:
    return exc if problem.code == "internal" else None
