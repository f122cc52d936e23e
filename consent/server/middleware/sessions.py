"""Sessions of the pages, one cookie an origin. The API has none: its callers prove themselves per request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from consent.server.wiring import wiring
from consent.web.sessions import with_sessions

Handler = Callable[[HttpRequest], HttpResponse]


def sessions(get_response: Handler) -> Handler:
    """See `consent.web.sessions`."""
    return with_sessions(get_response, wiring().web.origins)
