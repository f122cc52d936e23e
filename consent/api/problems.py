"""Exceptions to RFC 9457 problems, in one place. Whatever it is, it ends in a problem, never in an answer."""

import logging
from collections.abc import Iterable

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from msgspec import UNSET
from rest_framework import exceptions

from consent.api.problem_kinds import KINDS
from consent.core.wire.check import Problem, ProblemError
from consent.core.wire.encode import encode
from consent.core.wire.errors import WireError
from consent.log.errors import LogError
from consent.registry.errors import OfferInvalid, RegistryError

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 2  # of every 503 and of a running idempotent request: most causes pass within it
MAX_ERRORS = 100  # of one problem
_SHOWN_CHARS = 200

_log = logging.getLogger(__name__)


class ApiError(Exception):
    """A refusal that the API itself decides; `code` is a row of the table."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Iterable[ProblemError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers or {}


def fault(pointer: str, rule: str, expected: str, got: str) -> ProblemError:
    """One fault of a request, cut to a length fit for an answer."""
    return ProblemError(
        pointer=pointer[: _SHOWN_CHARS * 2],
        rule=rule,
        expected=expected[:_SHOWN_CHARS],
        got=got[:_SHOWN_CHARS],
    )


def parameter_fault(name: str, rule: str, expected: str, got: str) -> ApiError:
    """A query parameter that is not accepted."""
    return ApiError("parameter_invalid", errors=[fault(f"/{name}", rule, expected, got)])


# Exceptions of other libraries and what they mean here; the first that fits counts.
_FOREIGN: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((OperationalError, InterfaceError), "stale"),
    ((Http404, exceptions.NotFound), "not_found"),
    ((exceptions.MethodNotAllowed,), "method_not_allowed"),
    ((exceptions.NotAcceptable,), "not_acceptable"),
    ((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), "unauthenticated"),
    ((exceptions.UnsupportedMediaType,), "content_type_unsupported"),
    ((RequestDataTooBig,), "body_too_large"),
)


def to_api_error(exc: Exception) -> ApiError:
    """Name the kind of any exception. What nobody foresaw is `internal`, and says nothing."""
    match exc:
        case ApiError():
            error = exc
        case WireError():
            code = exc.code if exc.code in KINDS else "value_invalid"
            error = ApiError(code, errors=[fault(exc.pointer, exc.rule, exc.expected, exc.got)])
        case OfferInvalid():
            error = ApiError(exc.code, str(exc), errors=[fault(*each) for each in exc.faults[:MAX_ERRORS]])
        case RegistryError():
            error = _from_registry(exc)
        case LogError():
            error = ApiError(exc.code if exc.code in KINDS else "internal")
        case _:
            error = ApiError(next((code for kinds, code in _FOREIGN if isinstance(exc, kinds)), "internal"))
    return error


def _from_registry(exc: RegistryError) -> ApiError:
    # `method_not_allowed` of a signature is not the 405 of HTTP
    code = "signing_method_insufficient" if exc.code == "method_not_allowed" else exc.code
    if code not in KINDS:
        return ApiError("internal")
    errors = [fault(exc.pointer, exc.rule or code, exc.expected, exc.got)] if exc.pointer or exc.rule else []
    return ApiError(code, str(exc), errors=errors)


def to_problem(error: ApiError, *, origin: str, request_id: str) -> Problem:
    """The problem object that is answered, or that stands in a batch's row."""
    kind = KINDS[error.code]
    return Problem(
        type=f"{origin}/docs/problems/{kind.slug}",
        title=kind.title,
        status=kind.status,
        code=kind.code,
        request_id=request_id,
        errors=list(error.errors),
        detail=error.detail if error.detail and kind.status != 500 else UNSET,
    )


def problem_response(exc: Exception, *, origin: str, request_id: str, challenge: str = "") -> HttpResponse:
    """The whole answer to a request that failed. `challenge` is the WWW-Authenticate of a 401."""
    error = to_api_error(exc)
    problem = to_problem(error, origin=origin, request_id=request_id)
    if problem.status >= 500:
        # Without the exception's arguments: they may hold what a person sent.
        _log.error(
            "%s answered %s: %s", request_id, problem.code, type(exc).__name__, exc_info=_trace(exc, problem)
        )
    response = HttpResponse(encode(problem), status=problem.status, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if problem.status == 503 or problem.code in ("idempotency_running", "rate_limited"):
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if problem.status == 401 and challenge:
        response.headers["WWW-Authenticate"] = challenge
    for name, value in error.headers.items():
        response.headers[name] = value
    return response


def _trace(exc: Exception, problem: Problem) -> BaseException | None:
    return exc if problem.code == "internal" else None
