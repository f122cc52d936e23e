"""After joining or recovering: the page waits for the identity check, and goes on by itself."""

from django.http import HttpResponse

from consent.registry.models import IdentityCheck
from consent.registry.queries.performer import offers_to
from consent.web.page import DjangoView, Page, open_page, performer_page
from consent.web.ports import WebPorts
from consent.web.who import SignedInPerformer, refused_here

LOOKS_EVERY_S = 3


def wait_page(ports: WebPorts) -> DjangoView:
    """/wait, also for whoever the examiner refused: their passkey opens nothing, but they are told so."""
    waits = performer_page(ports, wait, waiting=True, methods=("GET",))

    def view(page: Page) -> HttpResponse:
        if refused_here(page.session):
            return page.to("/wait/refused")
        return waits(page.request)

    return open_page(ports, view, methods=("GET",))


def refused_check(page: Page) -> HttpResponse:
    """What a refused check means and what to do. It says nothing of anybody, so anybody may read it."""
    return page.render("performer/refused_check.html")


def wait(page: Page, me: SignedInPerformer) -> HttpResponse:
    """What happens now. Once the check covers the key: on to the request, or home."""
    if not me.pending:
        return page.to(_onwards(me))
    still = "still" in page.request.GET
    response = page.render(
        "performer/wait.html",
        recovering=IdentityCheck.objects.filter(performer=me.performer, over_18=True).exists(),
        still=still,
    )
    if not still:
        # A header, since it is no part of the text: whoever reads slowly, or listens, stops it by ?still.
        response.headers["Refresh"] = f"{LOOKS_EVERY_S}; url=/wait"
    return response


def _onwards(me: SignedInPerformer) -> str:
    """The one request that waits, if it is one."""
    waiting = list(
        offers_to(me.performer).filter(state__in=("offered", "viewed")).values_list("id", flat=True)[:2]
    )
    return f"/requests/{waiting[0]}" if len(waiting) == 1 else "/home"
