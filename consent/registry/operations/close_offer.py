"""An offer that will not become a grant: withdrawn by its sender, declined or answered by the performer."""

from uuid import UUID

from consent.log.transaction import history_transaction
from consent.registry.errors import StateConflict
from consent.registry.history import by, offer_event
from consent.registry.locks import lock_offer, lock_performer, lock_side
from consent.registry.models import Invitation, Offer, Performer
from consent.registry.ports import RegistryPorts
from consent.registry.text import required

OPEN = ("offered", "viewed")


def withdraw_offer(
    ports: RegistryPorts, *, livemode: bool, organization: str, offer: str, actor: str | None = None
) -> None:
    """The sender takes a draft or an unanswered offer back; its invitation stops working.

    `actor` is the account of the member who did it.

    Raises:
        NotFound: no such offer.
        StateConflict: it was answered or withdrawn already.
    """
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        invitation = (
            Invitation.objects.select_for_update(no_key=True)
            .filter(offer_id=offer, organization_id=organization, livemode=livemode, revoked_at=None)
            .first()
        )
        row = lock_offer(offer, livemode=livemode, organization=organization)
        now = ports.clock()
        changed = Offer.objects.filter(id=offer, state__in=("draft", *OPEN)).update(
            state="withdrawn", closed_at=now, sent_at=row.sent_at or now
        )
        if changed != 1:
            raise StateConflict("this offer was answered", expected="an open offer", got=row.state)
        if invitation is not None and invitation.redeemed_at is None:
            Invitation.objects.filter(id=invitation.id, redeemed_at=None, revoked_at=None).update(
                revoked_at=now
            )
        person = None if row.performer_id is None else Performer.objects.get(id=row.performer_id)
        tx.append(offer_event("offer.withdrawn", row, by(actor), performer=person))


def decline_offer(ports: RegistryPorts, *, livemode: bool, performer: UUID, offer: str) -> None:
    """The performer says no; no reason is asked.

    Raises:
        NotFound: no such offer to this performer.
        StateConflict: it is not open.
    """
    _answer(ports, livemode=livemode, performer=performer, offer=offer, state="declined", note="")


def request_changes(ports: RegistryPorts, *, livemode: bool, performer: UUID, offer: str, note: str) -> None:
    """The performer asks for other terms; the organization answers with a new offer that `replaces` this.

    Raises:
        NotFound: no such offer to this performer.
        StateConflict: it is not open.
        Invalid: an empty or overlong note.
    """
    required(note, "/note", max_chars=4000, lines=True)
    _answer(ports, livemode=livemode, performer=performer, offer=offer, state="changes_requested", note=note)


def _answer(
    ports: RegistryPorts, *, livemode: bool, performer: UUID, offer: str, state: str, note: str
) -> None:
    with history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        row = lock_offer(offer, livemode=livemode, performer=performer)
        changed = Offer.objects.filter(id=offer, state__in=OPEN).update(
            state=state, closed_at=ports.clock(), requested_changes=note
        )
        if changed != 1:
            raise StateConflict("this offer is not open", expected="an open offer", got=row.state)
        tx.append(offer_event(f"offer.{state}", row, {}, performer=person))
