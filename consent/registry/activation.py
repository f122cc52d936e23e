"""A signed grant becomes active, and then replaces the one that it supersedes."""

from datetime import datetime

from consent.core.states import GrantEvent, GrantState, Guards
from consent.log.transaction import HistoryTransaction
from consent.registry.history import grant_event
from consent.registry.lifecycle import change_state, due_at, end, record_ending, require_step
from consent.registry.locks import lock_grants
from consent.registry.models import Grant, Performer

SUPERSEDABLE = (GrantState.ACTIVE.value, GrantState.SUSPENDED.value)


def activate(tx: HistoryTransaction, grant: Grant, person: Performer, *, at: datetime) -> str | None:
    """Make a stored grant active; returns the event of a supersession, which denies, or None.

    Raises:
        StateConflict: not signed, or not due yet.
    """
    to = require_step(grant, GrantEvent.ACTIVATE, Guards(at=at, due_at=due_at(grant)))
    change_state(grant, to, at=at, activated_at=at)
    tx.append(grant_event("grant.active", grant, person, {"state": "active"}, denies=False))
    return supersede(tx, grant, person, at=at)


def supersede(tx: HistoryTransaction, grant: Grant, person: Performer, *, at: datetime) -> str | None:
    """End what an active grant supersedes, if that still stands; returns the event."""
    if grant.supersedes_id is None:
        return None
    former = lock_grants([grant.supersedes_id], performer=person.id).get(grant.supersedes_id)
    if former is None or former.state not in SUPERSEDABLE:
        return None
    said = {"successor": grant.id}
    event = end(tx, former, person, GrantEvent.SUPERSEDE, at=at, authority="successor", said=said)
    record_ending(former, GrantEvent.SUPERSEDE, at=at, authority="successor", event_id=event, statement=None)
    return event
