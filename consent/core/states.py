"""The states of an offer and its grant, and what moves it from one to the next (DESIGN §6).

Pure: the caller gives the instants and the holders, and makes the change in the database by a
condition on the old state. To a licensee every stop reads alike (DECIDING 19).
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class GrantState(StrEnum):
    """Where an offer, and the grant it becomes, stands."""

    DRAFT = "draft"
    OFFERED = "offered"
    VIEWED = "viewed"
    CHANGES_REQUESTED = "changes_requested"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    SIGNED = "signed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    RESCINDED = "rescinded"
    VOIDED = "voided"


class GrantEvent(StrEnum):
    """What may happen to it."""

    SEND = "send"
    VIEW = "view"
    REQUEST_CHANGES = "request_changes"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    SIGN = "sign"
    ACTIVATE = "activate"
    RESCIND = "rescind"
    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    VOID = "void"


class TransitionError(ValueError):
    """The event is not allowed in this state, or its guard does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What the guards look at; leave out what the event does not need.

    `due_at` is `activation_due(...)`; `ends_at` the end of the term; `holders` those who hold a
    suspension before the event, `holder` the one who acts.
    """

    at: datetime
    due_at: datetime | None = None
    ends_at: datetime | None = None
    holders: AbstractSet[str] = frozenset()
    holder: str | None = None


S, E = GrantState, GrantEvent
_OPEN: Final = frozenset({S.OFFERED, S.VIEWED})
_LIVE: Final = frozenset({S.ACTIVE, S.SUSPENDED})
_SIGNED: Final = frozenset({S.SIGNED, *_LIVE})
ENDED: Final = frozenset({S.REVOKED, S.EXPIRED, S.SUPERSEDED, S.RESCINDED, S.VOIDED})
OFFER_ENDED: Final = frozenset({S.CHANGES_REQUESTED, S.DECLINED, S.WITHDRAWN})

TABLE: Final[dict[GrantEvent, tuple[frozenset[GrantState], GrantState]]] = {
    E.SEND: (frozenset({S.DRAFT}), S.OFFERED),
    E.VIEW: (_OPEN, S.VIEWED),
    E.REQUEST_CHANGES: (_OPEN, S.CHANGES_REQUESTED),
    E.DECLINE: (_OPEN, S.DECLINED),
    E.WITHDRAW: (frozenset({S.DRAFT, *_OPEN}), S.WITHDRAWN),
    E.SIGN: (frozenset({S.VIEWED}), S.SIGNED),
    E.ACTIVATE: (frozenset({S.SIGNED}), S.ACTIVE),
    E.RESCIND: (frozenset({S.SIGNED}), S.RESCINDED),
    E.SUSPEND: (_LIVE, S.SUSPENDED),
    E.RESUME: (frozenset({S.SUSPENDED}), S.ACTIVE),
    E.REVOKE: (_SIGNED, S.REVOKED),
    E.EXPIRE: (_SIGNED, S.EXPIRED),
    E.SUPERSEDE: (_LIVE, S.SUPERSEDED),
    E.VOID: (_SIGNED | (ENDED - {S.VOIDED}), S.VOIDED),
}


def next_state(state: GrantState, event: GrantEvent, guards: Guards) -> GrantState:
    """The state after `event`.

    A suspension by a second holder stays a suspension; a resumption lifts only the holder's own, so
    the grant is active again when no holder is left.

    Raises:
        TransitionError: the event is not allowed here, or its guard does not hold.
    """
    sources, target = TABLE[event]
    if state not in sources:
        expected = ", ".join(sorted(sources))
        raise TransitionError(f"{event} in state {state}, expected one of {expected}")
    match event:
        case GrantEvent.ACTIVATE:
            if guards.due_at is None or guards.at < guards.due_at:
                raise TransitionError(f"activation at {guards.at}, due at {guards.due_at}")
        case GrantEvent.EXPIRE:
            if guards.ends_at is None or guards.at < guards.ends_at:
                raise TransitionError(f"expiry at {guards.at}, term ends at {guards.ends_at}")
        case GrantEvent.SUSPEND | GrantEvent.RESUME:
            left = holders_after(event, guards)
            return S.SUSPENDED if left else S.ACTIVE
        case _:
            pass
    return target


def holders_after(event: GrantEvent, guards: Guards) -> frozenset[str]:
    """Who holds the suspension after a suspension or resumption by `guards.holder`.

    Raises:
        TransitionError: no holder is named, or one lifts a hold that is not its own.
    """
    if guards.holder is None:
        raise TransitionError(f"{event} names no holder")
    if event is GrantEvent.SUSPEND:
        return frozenset(guards.holders) | {guards.holder}
    if guards.holder not in guards.holders:
        raise TransitionError(f"{guards.holder} lifts a hold that it does not have")
    return frozenset(guards.holders) - {guards.holder}


CONFIRM_AFTER: Final = timedelta(
    hours=12
)  # DECIDING 20: confirmation by passkey, at least this after signing
REVIEW: Final = timedelta(hours=72)  # between first shown and signed; Cal. Civ. Code 1708.86
COOLING_OFF: Final = timedelta(days=7)  # calendar days after signing, without a review or an approval
UNREPRESENTED_CONFIRM_AFTER: Final = timedelta(hours=24)  # Cal. Labor Code 927; law page A.2


def confirmable_from(*, signed_at: datetime, adult: bool, unrepresented: bool = False) -> datetime:
    """The first instant at which a confirmation counts."""
    waits = [timedelta(0)]
    if adult:
        waits.append(CONFIRM_AFTER)
    if unrepresented:
        waits.append(UNREPRESENTED_CONFIRM_AFTER)
    return signed_at + max(waits)


def activation_due(
    *,
    adult: bool,
    signed_at: datetime,
    first_shown_at: datetime,
    confirmed_at: datetime | None = None,
    approved_at: datetime | None = None,
    unrepresented: bool = False,
) -> datetime | None:
    """The instant from which a signed grant is active; None while something is still awaited.

    Adult grants (DECIDING 20): on confirmation if at least 72 h lay between first shown and signed;
    otherwise on confirmation and a representative's written approval, or on confirmation and seven
    days after signing, whichever comes first. A confirmation that came too early does not count.
    `unrepresented` grants that replace work in person (law page A.2) also need a confirmation.
    """
    if not adult and not unrepresented:
        return signed_at
    earliest = confirmable_from(signed_at=signed_at, adult=adult, unrepresented=unrepresented)
    if confirmed_at is None or confirmed_at < earliest:
        return None
    if not adult or signed_at - first_shown_at >= REVIEW:
        return confirmed_at
    settled_at = signed_at + COOLING_OFF
    if approved_at is not None:
        settled_at = min(settled_at, approved_at)
    return max(confirmed_at, settled_at)


def licensee_view(state: GrantState) -> str:
    """What a licensee sees: *active*, *paused* or *ended*; before that, the step the offer has reached."""
    if state in ENDED:
        return "ended"
    return {S.ACTIVE: "active", S.SUSPENDED: "paused"}.get(state, state.value)
