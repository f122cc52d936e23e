"""What time does by itself, recorded: activations that are due, terms that have run out, remains to forget.

`decide` needs none of these: it judges by the instant. Each is safe to run anywhere, any number of times.
"""

from datetime import timedelta

from consent.core.states import GrantEvent
from consent.log.transaction import history_transaction
from consent.registry.activation import activate
from consent.registry.idempotency import forget_answers
from consent.registry.lifecycle import due_at, end, is_ending, record_ending
from consent.registry.locks import lock_grant, lock_performer
from consent.registry.models import (
    Grant,
    GrantEnding,
    OfferChoice,
    OneUseLink,
    PendingRevocation,
    PreparedGrant,
    SpentProof,
)
from consent.registry.models.grant import LIVING
from consent.registry.ports import RegistryPorts

CHOICE_LIFE = timedelta(days=1)  # after the offer was answered; nobody goes back to choose


def activate_due(ports: RegistryPorts, *, livemode: bool, limit: int = 100) -> int:
    """Activate confirmed grants whose cooling-off is over; returns how many."""
    ending = PendingRevocation.objects.filter(livemode=livemode, closed_at=None).values("grant")
    waiting = Grant.objects.filter(livemode=livemode, state="signed", confirmed_at__isnull=False).exclude(
        id__in=ending
    )
    done = 0
    for seen in waiting.order_by("confirmed_at")[:limit]:
        due = due_at(seen)
        if due is None or due > ports.clock():
            continue
        with history_transaction(livemode, ports.log) as tx:
            person = lock_performer(seen.performer_id, livemode=livemode)
            grant = lock_grant(seen.id, performer=person.id)
            due, at = due_at(grant), ports.clock()
            stands = grant.state == "signed" and not is_ending(grant)
            if stands and due is not None and due <= at < grant.valid_until:
                activate(tx, grant, person, at=at)
                done += 1
            else:
                tx.nothing_changed()
    return done


def expire_due(ports: RegistryPorts, *, livemode: bool, limit: int = 100) -> int:
    """Record the end of terms that have run out; returns how many. No answer changes by it."""
    over = Grant.objects.filter(livemode=livemode, state__in=LIVING, valid_until__lte=ports.clock()).exclude(
        # A row that somebody altered by hand lives on though its ending is recorded: it denies, and holds up nobody.
        id__in=GrantEnding.objects.filter(livemode=livemode).exclude(outcome="voided").values("grant")
    )
    done = 0
    for seen in over.order_by("valid_until")[:limit]:
        with history_transaction(livemode, ports.log) as tx:
            person = lock_performer(seen.performer_id, livemode=livemode)
            grant = lock_grant(seen.id, performer=person.id)
            if grant.ended_at is not None:
                tx.nothing_changed()
                continue
            at = ports.clock()
            event = end(
                tx,
                grant,
                person,
                GrantEvent.EXPIRE,
                at=at,
                authority="clock",
                said={},
                ends_at=grant.valid_until,
                denies=False,
            )
            record_ending(grant, GrantEvent.EXPIRE, at=at, authority="clock", event_id=event, statement=None)
            done += 1
    return done


def forget_expired(ports: RegistryPorts) -> int:
    """Delete prepared bodies, spent proofs, kept answers, links and choices that are of no use any more.

    Raises:
        KeyStoreUnavailableError: the key store failed; what was not deleted goes with the next call.
    """
    now = ports.clock()
    rows = 0
    for expired in (
        PreparedGrant.objects.filter(expires_at__lte=now),
        SpentProof.objects.filter(expires_at__lte=now),
        OneUseLink.objects.filter(expires_at__lte=now),
        OfferChoice.objects.filter(offer__closed_at__lte=now - CHOICE_LIFE),
    ):
        rows += expired.delete()[0]
    return rows + forget_answers(ports)
