"""Files of one consent, for its performer to keep."""

from django.http import HttpResponse

from consent.evidence.consents import consent_bundle
from consent.registry.errors import NotFound
from consent.registry.operations.read_package import read_package
from consent.registry.queries.performer import text_shown
from consent.web.page import Page
from consent.web.performer.own import own_grant
from consent.web.shown_text import download
from consent.web.who import SignedInPerformer


def package(page: Page, me: SignedInPerformer, *, grant: str) -> HttpResponse:
    """The signed copy with everything that proves it; anybody can verify it with `consent verify`."""
    row = own_grant(me, grant)
    data = read_package(page.ports.registry, livemode=me.livemode, grant=row.id, performer=me.performer)
    return download(data, name=f"{row.id}.grant.json", kind="application/json")


def evidence(page: Page, me: SignedInPerformer, *, grant: str) -> HttpResponse:
    """What the consent allows now, as a file that stands by itself; its licensee gets the same."""
    row = own_grant(me, grant)
    data = consent_bundle(page.ports.registry, row, at=page.now, trust=page.ports.trust())
    return download(data, name=f"{row.id}.evidence.zip", kind="application/zip")


def signed_text(page: Page, me: SignedInPerformer, *, grant: str) -> HttpResponse:
    """The exact text that was shown and signed, byte for byte."""
    row = own_grant(me, grant)
    text = text_shown(page.ports.registry, performer=me.performer, grant=row.id)
    if text is None:
        raise NotFound("no such text")
    return download(text, name=f"{row.id}.md", kind="text/markdown; charset=utf-8")
