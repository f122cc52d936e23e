"""A member's link: made, mailed to the address that is sealed with them, and told once to whoever made it."""

from django.db import transaction

from consent.registry.notices import send_member_mail
from consent.registry.operations.links import LIVES, make_link
from consent.registry.ports import RegistryPorts


def invite_member(ports: RegistryPorts, *, livemode: bool, member: str) -> str:
    """The whole address that lets this member in once; it is on its way to them by mail, too.

    `livemode` is the side on which the invitation was made; members act on both.

    Raises:
        NotFound: no such member, or removed.
    """
    with transaction.atomic():
        link = f"{ports.origin}/m/{make_link(ports, kind='member', member=member)}"
        expires_at = ports.clock() + LIVES["member"]
        send_member_mail(ports, livemode=livemode, member=member, link=link, expires_at=expires_at)
    return link
