"""Whatever goes wrong outside the views: a problem for a program, the same table and form as the API's; a page
for a person."""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from consent.api.problems import problem_response
from consent.api.request_id import request_id_of
from consent.core.wire.problem import RETRY_AFTER_S, ApiError
from consent.server.wiring import wiring

# Below these nobody reads pages, whatever the Accept header says.
_PROGRAMS = (
    "/v1/",
    "/access/",
    "/.well-known/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/static/",
    "/log/",
    "/status/",
)


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    """What `error` means, in the form that whoever asked can read."""
    said = problem_response(error, origin=wiring().registry.origin, request_id=request_id_of(request))
    return _page(request, said.status_code) if _for_a_person(request) else said


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Django refused the request before any view saw it."""
    return answer(request, ApiError("value_invalid"))


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """There is nothing at this address."""
    return answer(request, ApiError("not_found"))


def failed(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw: a plain 500 that says nothing but the request's id."""
    return answer(request, _as_error(sys.exception()))


def _for_a_person(request: HttpRequest) -> bool:
    """Browsers name HTML when they go to a page; programs do not, unless they can read it."""
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith(_PROGRAMS)


def _page(request: HttpRequest, status: int) -> HttpResponse:
    """The page asks neither the database nor the session: they may be what went wrong."""
    context = {
        "status": status,
        "origins": wiring().web.origins,
        "request_id": request_id_of(request) if status >= 500 else "",
    }
    response = HttpResponse(render_to_string("pages/error.html", context), status=status)
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _as_error(raised: BaseException | None) -> Exception:
    return raised if isinstance(raised, Exception) else ApiError("internal")
