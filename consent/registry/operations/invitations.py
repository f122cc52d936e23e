"""An invitation is redeemed by one person once, or revoked before."""

from dataclasses import dataclass
from uuid import UUID

from consent.log.transaction import HistoryTransaction, history_transaction
from consent.registry.errors import InvitationSpent, StateConflict
from consent.registry.history import by, offer_event, organization_event
from consent.registry.invitation_code import code_digest
from consent.registry.locks import lock_invitation, lock_performer, lock_side
from consent.registry.models import Invitation, Offer, Performer
from consent.registry.operations.references import give_reference
from consent.registry.ports import RegistryPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """The offer that is now before the performer, and what its sender calls them."""

    offer: str
    reference: str


def redeem_invitation(ports: RegistryPorts, *, livemode: bool, performer: UUID, code: str) -> Redeemed:
    """Take up an invitation: the offer becomes this performer's, and the sender gets a reference.

    Codes are never live and test at once: one of the other side is as unknown as a wrong one.

    Raises:
        NotFound: no such performer on this side.
        InvitationSpent: unknown, used, revoked or expired; which is not said.
    """
    seen = find_code(code, livemode=livemode)
    with history_transaction(livemode, ports.log) as tx:
        lock_side(seen.organization_id, livemode=livemode)
        person = lock_performer(performer, livemode=livemode)
        return take_up(tx, ports, seen, person)


def find_code(code: str, *, livemode: bool) -> Invitation:
    """The invitation of a code on this side, as it was before any lock; InvitationSpent if there is none."""
    digest = code_digest(code)
    found = None
    if digest is not None:
        found = Invitation.objects.filter(code_digest=digest, livemode=livemode).first()
    if found is None:
        raise InvitationSpent("this code does not work", pointer="/code")
    return found


def take_up(
    tx: HistoryTransaction, ports: RegistryPorts, invitation: Invitation, person: Performer
) -> Redeemed:
    """Redeem within a transaction; the organization's side and the performer are locked.

    Raises:
        InvitationSpent: used by another, revoked or expired meanwhile.
    """
    row = lock_invitation(invitation.id, organization=invitation.organization_id, livemode=person.livemode)
    now = ports.clock()
    if row.redeemed_by_id == person.id and row.redeemed_at is not None:
        # The same person comes back: they are shown their offer, and nothing is used up.
        tx.nothing_changed()
        pair = give_reference(tx, ports, performer=person, organization=row.organization_id)
        return Redeemed(offer=row.offer_id, reference=pair)
    reference = give_reference(tx, ports, performer=person, organization=row.organization_id)
    used = Invitation.objects.filter(id=row.id, redeemed_at=None, revoked_at=None, expires_at__gt=now).update(
        redeemed_at=now, redeemed_by=person
    )
    taken = Offer.objects.filter(id=row.offer_id, state="offered", performer=None).update(performer=person)
    if used != 1 or taken != 1:
        raise InvitationSpent("this code does not work", pointer="/code")
    offer = Offer.objects.get(id=row.offer_id)
    said = {"invitation": row.id, "performer": reference}
    tx.append(offer_event("invitation.redeemed", offer, said, performer=person))
    return Redeemed(offer=row.offer_id, reference=reference)


def revoke_invitation(
    ports: RegistryPorts, *, livemode: bool, organization: str, invitation: str, actor: str | None = None
) -> None:
    """Make a code useless; the offer stays sent and can be withdrawn. `actor` is the member's account.

    Raises:
        NotFound: no such invitation.
        StateConflict: it was used or revoked already.
    """
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        lock_invitation(invitation, organization=organization, livemode=livemode)
        changed = Invitation.objects.filter(id=invitation, redeemed_at=None, revoked_at=None).update(
            revoked_at=ports.clock()
        )
        if changed != 1:
            raise StateConflict("this invitation was used or revoked already")
        said = {"invitation": invitation, **by(actor)}
        tx.append(organization_event("invitation.revoked", organization, said, denies=False))
