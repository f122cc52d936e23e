"""What may become of a grant, as changes of its row: each a condition on the old state, counted.

The caller holds the performer's and the grant's lock, and appends no event itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from consent.core.states import (
    ENDED,
    TABLE,
    GrantEvent,
    GrantState,
    Guards,
    TransitionError,
    activation_due,
    next_state,
)
from consent.log.transaction import HistoryTransaction
from consent.registry.errors import AlreadyEnded, NotHolder, StateConflict
from consent.registry.history import grant_event
from consent.registry.models import Grant, GrantEnding, GrantHold, PendingRevocation, Performer
from consent.registry.notices import ENDINGS as NOTICED
from consent.registry.notices import notify

PERFORMER = "performer"

_ENDINGS: Mapping[GrantEvent, GrantState] = {
    event: TABLE[event][1]
    for event in (
        GrantEvent.REVOKE,
        GrantEvent.EXPIRE,
        GrantEvent.SUPERSEDE,
        GrantEvent.RESCIND,
        GrantEvent.VOID,
    )
}


def require_step(grant: Grant, event: GrantEvent, guards: Guards) -> GrantState:
    """The state after `event`.

    Raises:
        AlreadyEnded: the grant has ended.
        StateConflict: the event does not lead from its state.
    """
    state = GrantState(grant.state)
    try:
        return next_state(state, event, guards)
    except TransitionError as exc:
        if state in ENDED:
            raise AlreadyEnded(ending_event(grant)) from exc
        expected = ", ".join(sorted(TABLE[event][0]))
        raise StateConflict(f"no {event} in this state", expected=expected, got=state) from exc


def ending_event(grant: Grant) -> str:
    """The event that recorded the newest ending of an ended grant."""
    return str(GrantEnding.objects.filter(grant=grant).order_by("-id").values_list("event", flat=True)[0])


def change_state(grant: Grant, to: GrantState, *, at: datetime, **columns: Any) -> None:
    """Move the row from the state it was read in; StateConflict if it has moved meanwhile."""
    changed = Grant.objects.filter(id=grant.id, state=grant.state).update(
        state=to.value, state_at=at, state_seq=F("state_seq") + 1, **columns
    )
    if changed != 1:
        raise StateConflict("the grant has changed meanwhile", expected=grant.state)
    grant.state = to.value


def end(
    tx: HistoryTransaction,
    grant: Grant,
    person: Performer,
    event: GrantEvent,
    *,
    at: datetime,
    authority: str,
    said: Mapping[str, Any],
    ends_at: datetime | None = None,
    denies: bool = True,
) -> str:
    """End a grant for good; returns the event. `record_ending` follows once the statement is stored.

    Raises:
        AlreadyEnded, StateConflict: see `require_step`.
    """
    to = require_step(grant, event, Guards(at=at, ends_at=ends_at))
    columns = {} if grant.ended_at is not None else {"ended_at": at}
    change_state(grant, to, at=at, **columns)
    body = {"state": "ended", "outcome": to.value, "authority": authority, **said}
    return tx.append(grant_event("grant.ended", grant, person, body, denies=denies))


def record_ending(
    grant: Grant, event: GrantEvent, *, at: datetime, authority: str, event_id: str, statement: str | None
) -> None:
    """Write the append-only witness of an ending, and let the performer be told of it."""
    GrantEnding.objects.create(
        grant=grant,
        livemode=grant.livemode,
        performer_id=grant.performer_id,
        outcome=_ENDINGS[event].value,
        authority=authority,
        statement_id=statement,
        event=event_id,
        ended_at=at,
    )
    if event in NOTICED:
        notify("ended", livemode=grant.livemode, performer=grant.performer_id, grant=grant.id, event=event_id)


def open_holders(grant: Grant) -> frozenset[str]:
    """Who holds the grant now."""
    return frozenset(GrantHold.objects.filter(grant=grant, lifted_at=None).values_list("holder", flat=True))


def hold_event(grant: Grant, holder: str) -> str | None:
    """The event of this holder's open hold; None if it has none."""
    held = GrantHold.objects.filter(grant=grant, holder=holder, lifted_at=None)
    return held.values_list("event", flat=True).first()


def place_hold(
    tx: HistoryTransaction,
    grant: Grant,
    person: Performer,
    *,
    holder: str,
    authority: str,
    at: datetime,
    said: Mapping[str, Any],
) -> str:
    """Suspend by one holder; returns the event.

    Raises:
        AlreadyEnded: the grant has ended. StateConflict: not active yet, or this holder holds already.
    """
    holders = open_holders(grant)
    to = require_step(grant, GrantEvent.SUSPEND, Guards(at=at, holders=holders, holder=holder))
    if holder in holders:
        raise StateConflict("this holder has suspended the grant already", event=hold_event(grant, holder))
    body = {"state": "paused", "holder": holder, "authority": authority, **said}
    event = tx.append(grant_event("grant.paused", grant, person, body, denies=True))
    GrantHold.objects.create(
        grant=grant,
        livemode=grant.livemode,
        performer_id=grant.performer_id,
        holder=holder,
        authority=authority,
        event=event,
        placed_at=at,
    )
    change_state(grant, to, at=at)
    return event


def lift_hold(
    tx: HistoryTransaction,
    grant: Grant,
    person: Performer,
    *,
    holder: str,
    authority: str,
    at: datetime,
    said: Mapping[str, Any],
) -> str:
    """Lift one holder's own hold; the grant is active when no other is left. Returns the event.

    Raises:
        NotHolder: this holder has no hold. AlreadyEnded, StateConflict: the grant is not suspended.
    """
    holders = open_holders(grant)
    if GrantState(grant.state) is GrantState.SUSPENDED and holder not in holders:
        raise NotHolder("only who suspended may resume")
    to = require_step(grant, GrantEvent.RESUME, Guards(at=at, holders=holders, holder=holder))
    lifted = GrantHold.objects.filter(grant=grant, holder=holder, lifted_at=None).update(lifted_at=at)
    if lifted != 1:
        raise NotHolder("only who suspended may resume")
    change_state(grant, to, at=at)
    state = "active" if to is GrantState.ACTIVE else "paused"
    body = {"state": state, "holder": holder, "authority": authority, **said}
    return tx.append(grant_event("grant.resumed", grant, person, body, denies=False))


def is_ending(grant: Grant) -> bool:
    """Whether a revocation that was begun without a key is pending: such a grant does not become active."""
    return PendingRevocation.objects.filter(grant=grant, closed_at=None).exists()


def due_at(grant: Grant) -> datetime | None:
    """From when a signed grant may be active; None while a confirmation is awaited (DECIDING 20)."""
    return activation_due(
        adult=grant.adult,
        unrepresented=grant.unrepresented,
        signed_at=grant.signed_at,
        first_shown_at=grant.first_shown_at,
        confirmed_at=grant.confirmed_at,
    )
