"""Addresses of an organization's pages. Each says which side; whose it is says the session alone."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from consent.web.organization import roles
from consent.web.organization.audit import audit
from consent.web.organization.checks import checks
from consent.web.organization.consent import consent, evidence, name_performer, package
from consent.web.organization.consents import consents
from consent.web.organization.console import console
from consent.web.organization.home import home, to_a_side
from consent.web.organization.keys import key, keys, limits, new_key, revoke, rotate
from consent.web.organization.members import invite, member, members, passkey_off, remove
from consent.web.organization.offer import revoke as revoke_invitation
from consent.web.organization.offer import send, show_offer, withdraw
from consent.web.organization.offer_json import edit_draft, paste_offer
from consent.web.organization.offer_new import choose, new_offer
from consent.web.organization.offers import offers
from consent.web.organization.passkeys import me, own_off
from consent.web.organization.side import side_page
from consent.web.organization.welcome import welcome
from consent.web.page import member_page, open_page
from consent.web.ports import WebPorts

_PAGES: tuple[tuple[str, Callable[..., HttpResponse], tuple[str, ...]], ...] = (
    ("", home, roles.CONSENTS),
    ("/offers", offers, roles.OFFERS),
    ("/offers/new", choose, roles.OFFERS),
    ("/offers/new/json", paste_offer, roles.OFFERS),
    ("/offers/new/<str:template>", new_offer, roles.OFFERS),
    ("/offers/<str:offer>", show_offer, roles.OFFERS),
    ("/offers/<str:offer>/edit", edit_draft, roles.OFFERS),
    ("/offers/<str:offer>/send", send, roles.OFFERS),
    ("/offers/<str:offer>/withdraw", withdraw, roles.OFFERS),
    ("/offers/<str:offer>/invitations/<str:invitation>/revoke", revoke_invitation, roles.OFFERS),
    ("/consents", consents, roles.CONSENTS),
    ("/consents/<str:grant>", consent, roles.CONSENTS),
    ("/consents/<str:grant>/checks", checks, roles.CONSENTS),
    ("/consents/<str:grant>/package", package, roles.CONSENTS),
    ("/consents/<str:grant>/evidence", evidence, roles.CONSENTS),
    ("/consents/<str:grant>/name", name_performer, roles.NAMES),
    ("/keys", keys, roles.KEYS),
    ("/keys/new", new_key, roles.KEYS),
    ("/keys/<str:key>", key, roles.KEYS),
    ("/keys/<str:key>/limits", limits, roles.KEYS),
    ("/keys/<str:key>/rotate", rotate, roles.KEYS),
    ("/keys/<str:key>/revoke", revoke, roles.KEYS),
    ("/console", console, roles.CONSOLE),
    ("/members", members, roles.OWNERS),
    ("/members/invite", invite, roles.OWNERS),
    ("/members/<str:member>", member, roles.OWNERS),
    ("/members/<str:member>/remove", remove, roles.OWNERS),
    ("/members/<str:member>/passkeys/<int:passkey>/off", passkey_off, roles.OWNERS),
    ("/me", me, roles.EVERYBODY),
    ("/me/passkeys/<int:passkey>/off", own_off, roles.EVERYBODY),
    ("/audit", audit, roles.OWNERS),
)


def urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("m/<str:token>", open_page(ports, welcome)),
        path("org", member_page(ports, to_a_side)),
        *(path(f"org/<str:side>{rest}", side_page(ports, view, roles=may)) for rest, view, may in _PAGES),
    ]
