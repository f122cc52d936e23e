"""Members' passkeys: one's own, and for owners those of everybody. Any can be switched off for good.

A new device comes in by a link that an owner makes, so that an open browser alone never lets another one in.
"""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import NotFound, StateConflict
from consent.registry.operations.accounts import account_passkeys_of, block_account_passkey
from consent.web.organization.side import SidePage
from consent.web.sessions import end_sessions


def me(at: SidePage, *, error: str = "") -> HttpResponse:
    """Who one is here, and one's passkeys."""
    passkeys = listed(at.member.member, off=at.address("/me/passkeys"))
    return at.render("me.html", here="me", status=409 if error else 200, passkeys=passkeys, error=error)


def own_off(at: SidePage, *, passkey: int) -> HttpResponse:
    """Switch one's own passkey off, but not the last one: nobody could let one in again but an owner."""
    if not at.page.posted:
        return at.to("/me")
    others = [each for each in account_passkeys_of(member=at.member.member) if each.id != passkey]
    if not any(each.may_sign_in for each in others):
        return me(
            at, error=_("This is your only passkey. Ask an owner for a link and make another one first.")
        )
    switch_off(at, at.member.member, passkey)
    return at.page.to("/sign-in")


def switch_off(at: SidePage, member: str, passkey: int) -> None:
    """Off for good, and whoever came in with any passkey of this member comes in anew.

    Raises:
        NotFound: none of this member's.
    """
    if passkey > 2**63 - 1:
        raise NotFound("no such passkey")
    try:
        block_account_passkey(at.ports, passkey=passkey, member=member)
    except StateConflict:
        return  # a second click; its sessions ended with the first
    end_sessions(f"member:{member}")


def listed(member: str, *, off: str) -> list[dict[str, Any]]:
    """A member's passkeys as pages show them; `off` is the address below which each is switched off."""
    return [
        {
            "label": each.label,
            "since": each.created_at,
            "used": each.last_used_at,
            "works": each.blocked_at is None,
            "off": f"{off}/{each.id}/off",
        }
        for each in account_passkeys_of(member=member)
    ]
