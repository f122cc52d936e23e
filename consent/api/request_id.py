"""The id that a request's answer, problem and log lines share."""

from django.http import HttpRequest

from consent.core.ids import is_id, new_id


def request_id_of(request: HttpRequest) -> str:
    """The id that the server's middleware gave the request; a new one where none did."""
    given = getattr(request, "request_id", None)
    if is_id(given, "req"):
        return str(given)
    made = new_id("req")
    request.request_id = made  # type: ignore[attr-defined]  # where the middleware would have put it
    return made
