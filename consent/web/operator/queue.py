"""Who waits for somebody to look at their document. Legal names stand here and nowhere else."""

from django.http import HttpResponse

from consent.registry.queries.identity import count_waiting_identity, waiting_identity
from consent.web.page import Page
from consent.web.who import SignedInOperator

PAGE = 50
_ADDRESS = "/operator/identity?from="


def start(page: Page, who: SignedInOperator) -> HttpResponse:
    """Where an operator begins."""
    return page.to("/operator/identity")


def queue(page: Page, who: SignedInOperator) -> HttpResponse:
    """Everybody who waits, longest first."""
    start, total = page_start(page), count_waiting_identity()
    return page.render(
        "operator/queue.html",
        here="identity",
        people=waiting_identity(page.ports.registry, limit=PAGE, offset=start),
        sooner=f"{_ADDRESS}{max(0, start - PAGE)}" if start else "",
        later=f"{_ADDRESS}{start + PAGE}" if total > start + PAGE else "",
        told=page.session.pop("operator_told", ""),
    )


def page_start(page: Page) -> int:
    """Where the part of a list begins that the address asks for."""
    text = page.request.GET.get("from", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
