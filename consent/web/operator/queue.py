"""Who waits for somebody to look at their document. Legal names stand here and nowhere else."""

from django.http import HttpResponse

from consent.registry.queries.identity import count_waiting_identity, waiting_identity
from consent.web.page import Page
from consent.web.who import SignedInOperator

SHOWN = 50  # the longest waiting; the others come up as these are decided


def start(page: Page, who: SignedInOperator) -> HttpResponse:
    """Where an operator begins."""
    return page.to("/operator/identity")


def queue(page: Page, who: SignedInOperator) -> HttpResponse:
    """Everybody who waits, longest first."""
    total = count_waiting_identity()
    return page.render(
        "operator/queue.html",
        here="identity",
        people=waiting_identity(page.ports.registry, limit=SHOWN),
        more=max(0, total - SHOWN),
        told=page.session.pop("operator_told", ""),
    )
