"""The one script of the pages. The stylesheet is served with the documentation."""

from functools import cache

from django.http import HttpRequest, HttpResponse

from consent.core.resources import templates


@cache
def _script() -> bytes:
    return templates("web", "static", "passkey.js").read_bytes()


def passkey_script(request: HttpRequest) -> HttpResponse:
    """The script that talks to passkeys; the same on both origins."""
    response = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "max-age=300"
    return response
