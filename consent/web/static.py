"""The one script of the pages, and their icon. The stylesheet is served with the documentation."""

from functools import cache

from django.http import HttpRequest, HttpResponse

from consent.core.resources import templates


@cache
def _file(name: str) -> bytes:
    return templates("web", "static", name).read_bytes()


def passkey_script(request: HttpRequest) -> HttpResponse:
    """The script that talks to passkeys; the same on both origins."""
    return _served("passkey.js", "text/javascript; charset=utf-8")


def icon(request: HttpRequest) -> HttpResponse:
    """What a browser shows beside the title."""
    return _served("icon.svg", "image/svg+xml")


def _served(name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(_file(name), content_type=content_type)
    response.headers["Cache-Control"] = "max-age=300"
    return response
