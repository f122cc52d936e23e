"""Coming back from the signing origin, signed in by the passkey that was just made there."""

from uuid import UUID

from django.http import HttpResponse

from consent.web.handoffs import take
from consent.web.page import Page
from consent.web.who import sign_in_performer


def come_back(page: Page, *, ticket: str) -> HttpResponse:
    """Take the ticket up, sign in with a new session, and go on."""
    content = take(page, ticket)
    who = content["signs_in"]
    sign_in_performer(
        page.session,
        performer=UUID(who["performer"]),
        livemode=who["livemode"],
        credential=who["credential"],
        at=page.now,
    )
    return page.to(content["address"])
