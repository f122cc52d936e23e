"""The page that verifies files in the visitor's browser, and the script that does it."""

from functools import cache

from django.http import Http404, HttpRequest, HttpResponse

from consent.core.resources import templates
from consent.web.page import Page

MODULES = frozenset(
    {
        "acknowledgement", "bodies", "bytes", "cbor", "chain", "ed25519", "evidence", "fields", "instants", "json",
        "jws", "keys", "log_event", "merkle", "package", "page", "passkey", "receipt", "receipt_proof", "refused",
        "statement", "trust",
    }
)  # fmt: skip


def verify(page: Page) -> HttpResponse:
    """A form for a file that never leaves the browser."""
    return page.render("auditor/verify.html", verifier=True)


def module(request: HttpRequest, name: str) -> HttpResponse:
    """One part of the verifier. Asked for anew each time: parts of two releases do not belong together."""
    if name not in MODULES:
        raise Http404
    response = HttpResponse(_read(name), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


@cache
def _read(name: str) -> bytes:
    return templates("web", "static", "verify", f"{name}.js").read_bytes()
