"""People come to act for an organization, and leave."""

from consent.core.ids import new_id
from consent.log.transaction import history_transaction
from consent.registry.errors import Invalid, LastOwner, NotFound
from consent.registry.history import by, organization_event
from consent.registry.locks import lock_side
from consent.registry.models import Member
from consent.registry.models.organization import ROLES
from consent.registry.ports import RegistryPorts
from consent.registry.text import required

PURPOSE = "member-email"


def add_member(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    email: str,
    role: str,
    display_name: str,
    actor: str | None = None,
) -> str:
    """Let a person act for the organization; returns the member's id. The address is sealed.

    `actor` is the account of the operator or member who let them in.

    Raises:
        NotFound: the organization has no such side.
        Invalid: an unknown role, an empty name, no address.
    """
    if role not in ROLES:
        raise Invalid(pointer="/role", rule="role", expected=", ".join(ROLES), got=role[:32])
    required(display_name, "/display_name", max_chars=200)
    if "@" not in required(email, "/email", max_chars=254):
        raise Invalid(pointer="/email", rule="email", expected="an e-mail address", got="something else")
    member = new_id("mem", random=ports.log.random)
    sealed = ports.log.sealer.seal(member, email.encode(), purpose=PURPOSE)
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        Member.objects.create(
            id=member,
            organization_id=organization,
            role=role,
            display_name=display_name,
            record=member,
            sealed=sealed,
            created_at=ports.clock(),
        )
        said = {"member": member, "role": role, **by(actor)}
        tx.append(organization_event("member.added", organization, said, denies=False))
    return member


def remove_member(
    ports: RegistryPorts, *, livemode: bool, organization: str, member: str, actor: str | None = None
) -> None:
    """End a person's part in the organization. `actor` is the account of whoever did it.

    Raises:
        NotFound: no such member, or removed already.
        LastOwner: nobody would be left to run it.
    """
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        standing = Member.objects.select_for_update(no_key=True).filter(
            organization_id=organization, removed_at=None
        )
        members = {row.id: row for row in standing.order_by("id")}
        if member not in members:
            raise NotFound("no such member")
        others = [row for row in members.values() if row.role == "owner" and row.id != member]
        if members[member].role == "owner" and not others:
            raise LastOwner("an organization keeps at least one owner")
        Member.objects.filter(id=member, removed_at=None).update(removed_at=ports.clock())
        said = {"member": member, **by(actor)}
        tx.append(organization_event("member.removed", organization, said, denies=False))
