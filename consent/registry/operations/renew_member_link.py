"""A member who did not come yet, or lost every passkey, gets one more link: told once, and mailed to them."""

from consent.log.transaction import history_transaction
from consent.registry.errors import NotFound
from consent.registry.history import by, organization_event
from consent.registry.locks import lock_side
from consent.registry.models import Member
from consent.registry.notices import send_member_mail
from consent.registry.operations.links import LIVES, make_link
from consent.registry.ports import RegistryPorts


def renew_member_link(
    ports: RegistryPorts, *, livemode: bool, organization: str, member: str, actor: str | None = None
) -> str:
    """The token of a new one-use link for a member; told once. `actor` is the account that asked for it.

    Raises:
        NotFound: the organization has no such side, or no such member.
    """
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        if not Member.objects.filter(id=member, organization_id=organization, removed_at=None).exists():
            raise NotFound("no such member")
        token = make_link(ports, kind="member", member=member)
        send_member_mail(
            ports,
            livemode=livemode,
            member=member,
            link=f"{ports.origin}/m/{token}",
            expires_at=ports.clock() + LIVES["member"],
        )
        said = {"member": member, **by(actor)}
        tx.append(organization_event("member.invited", organization, said, denies=False))
    return token
