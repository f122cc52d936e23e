"""An operator's own passkeys. Any but the last that works can be switched off for good.

A new device comes in by a link that a command makes, so that an open browser alone never lets another one in.
"""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import NotFound, StateConflict
from consent.registry.operations.accounts import account_passkeys_of, block_account_passkey
from consent.web.page import Page
from consent.web.sessions import end_sessions
from consent.web.who import SignedInOperator, operator_subject


def passkeys(page: Page, who: SignedInOperator) -> HttpResponse:
    """The list."""
    return _show(page, who)


def switch_off(page: Page, who: SignedInOperator, *, passkey: int) -> HttpResponse:
    """Off for good, and whoever came in with any passkey of this operator comes in anew."""
    if not page.posted:
        return page.to("/operator/me")
    others = [each for each in account_passkeys_of(operator=who.operator) if each.id != passkey]
    if not any(each.may_sign_in for each in others):
        return _show(page, who, error=_("This is your only passkey. Make another one first, by a new link."))
    if passkey > 2**63 - 1:
        raise NotFound("no such passkey")
    try:
        block_account_passkey(page.ports.registry, passkey=passkey, operator=who.operator)
    except StateConflict:
        return page.to("/operator/me")  # a second click; its sessions ended with the first
    end_sessions(operator_subject(who.operator))
    page.session.flush()
    return page.to("/sign-in")


def _show(page: Page, who: SignedInOperator, *, error: str = "") -> HttpResponse:
    return page.render(
        "operator/me.html",
        status=409 if error else 200,
        here="me",
        error=error,
        passkeys=account_passkeys_of(operator=who.operator),
    )
