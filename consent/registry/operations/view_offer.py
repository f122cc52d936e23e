"""The performer is shown an offer; the 72 hours of adult terms count from the first time."""

from uuid import UUID

from consent.core.instants import format_instant
from consent.log.transaction import history_transaction
from consent.registry.errors import StateConflict
from consent.registry.history import offer_event
from consent.registry.locks import lock_offer, lock_performer
from consent.registry.models import Offer
from consent.registry.ports import RegistryPorts


def view_offer(ports: RegistryPorts, *, livemode: bool, performer: UUID, offer: str) -> None:
    """Record that the performer has the offer before them. Again changes nothing.

    An offer that is closed stays readable and is not marked.

    Raises:
        NotFound: no such offer to this performer.
    """
    if Offer.objects.filter(id=offer, livemode=livemode, performer_id=performer, viewed_at__isnull=False):
        return
    with history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        row = lock_offer(offer, livemode=livemode, performer=performer)
        now = ports.clock()
        changed = Offer.objects.filter(id=offer, state="offered").update(state="viewed", viewed_at=now)
        if changed != 1:
            tx.nothing_changed()
            return
        said = {"first_shown_at": format_instant(now)}
        tx.append(offer_event("offer.viewed", row, said, performer=person))


def require_viewed(offer: Offer) -> None:
    """Only what was shown can be signed; StateConflict otherwise."""
    if offer.state != "viewed" or offer.viewed_at is None:
        raise StateConflict("this offer is not before the performer", expected="viewed", got=offer.state)
