"""Security headers of every answer that Django gives."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from consent.server.security_headers import security_headers
from consent.server.wiring import wiring

Handler = Callable[[HttpRequest], HttpResponse]


def headers(get_response: Handler) -> Handler:
    """Set each header unless the view set its own."""
    every = security_headers(secure=wiring().settings.web.secure)

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in every.items():
            response.headers.setdefault(name, value)
        return response

    return handle
