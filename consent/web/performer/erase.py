"""Erasing oneself: first what goes, what stays and why; then the passkey on the signing origin; then a receipt."""

from django.http import HttpResponse

from consent.log.erasures import KEY_BACKUP_LIFE
from consent.registry.models import Grant
from consent.registry.models.grant import LIVING
from consent.registry.operations.legal_holds import holds_on
from consent.registry.queries.erasures import read_erasure
from consent.web.handoffs import to_signing
from consent.web.page import Page
from consent.web.who import SignedInPerformer


def erase_me(page: Page, me: SignedInPerformer) -> HttpResponse:
    """Tell all of it before anything is done; a legal hold is told in its own words."""
    holds = holds_on(page.ports.registry, performer=me.performer)
    if page.posted and not holds:
        return to_signing(page, "erase")
    return page.render(
        "performer/erase.html",
        here="home",
        status=409 if page.posted else 200,
        holds=holds,
        consents=Grant.objects.filter(performer_id=me.performer, state__in=LIVING).count(),
        days=KEY_BACKUP_LIFE.days,
    )


def erased(page: Page, *, erasure: str) -> HttpResponse:
    """How far an erasure is, by its random number, which names nobody: for whoever was erased, from the last letter.

    Raises:
        NotFound: no such erasure.
    """
    return page.render("public/erased.html", erasure=read_erasure(erasure))
