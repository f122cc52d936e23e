"""A new passkey for somebody who has none left: by the code on their recovery sheet, or by a mailed link.

Neither opens the account. Both only let a new passkey be made, which then waits for a new identity check.
The code or link is used up when that passkey is there, so that a break on the way costs nobody their sheet.
"""

from django.http import HttpResponse

from consent.registry.operations.begin_recovery import name_recovery
from consent.web.handoffs import to_signing
from consent.web.page import Page
from consent.web.public.attempts import Attempts

_WRONG = Attempts(60)


def recover(page: Page) -> HttpResponse:
    """Type the sheet's code."""
    if not page.posted:
        return page.render("public/recover.html")
    if _WRONG.used_up(page.request):
        return page.render("public/too_many.html", status=429)
    name = name_recovery(page.ports.registry, code=page.field("code", max_chars=64))
    if name is None:
        _WRONG.note(page.request)
        return page.render("public/recover.html", status=422, fault=True)
    return to_signing(page, "recover", name=name)


def recover_link(page: Page, *, token: str) -> HttpResponse:
    """The mailed link. Looking at it uses nothing up."""
    if _WRONG.used_up(page.request):
        return page.render("public/too_many.html", status=429)
    name = name_recovery(page.ports.registry, token=token)
    if name is None:
        _WRONG.note(page.request)
        return page.render("public/link_spent.html", status=410)
    if not page.posted:
        return page.render("public/recover_link.html")
    return to_signing(page, "recover", name=name)
