"""Problems for whatever goes wrong outside the API's views; the same table, the same form."""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse

from consent.api.problems import ApiError, problem_response
from consent.api.request_id import request_id_of
from consent.server.wiring import wiring


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    """The problem that `error` means."""
    return problem_response(error, origin=wiring().registry.origin, request_id=request_id_of(request))


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Django refused the request before any view saw it."""
    return answer(request, ApiError("value_invalid"))


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """There is nothing at this address."""
    return answer(request, ApiError("not_found"))


def failed(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw: a plain 500 that says nothing but the request's id."""
    return answer(request, _as_error(sys.exception()))


def _as_error(raised: BaseException | None) -> Exception:
    return raised if isinstance(raised, Exception) else ApiError("internal")
