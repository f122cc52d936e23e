"""Ending and pausing without a signature: recorded by the registry for a person on a session or a mailed link.

Only this direction may do so (DESIGN §4, Ending): whoever takes over a session can stop what the performer
allowed, and can never allow anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.core.states import ENDED, GrantEvent, GrantState
from consent.log.enforcement import await_seen, wait_enforced
from consent.log.transaction import HistoryTransaction, history_transaction
from consent.registry.answers import enforced, seen, told_when_enforced, written
from consent.registry.errors import AlreadyEnded, Invalid
from consent.registry.lifecycle import PERFORMER, end, ending_event, hold_event, place_hold, record_ending
from consent.registry.locks import lock_grant, lock_performer
from consent.registry.models import Grant, GrantEnding, GrantHold, Performer
from consent.registry.operations.revoke_grant import close_pending
from consent.registry.ports import RegistryPorts
from consent.registry.recorded_endings import acknowledgement_of

ENDING = ("session",)  # a mailed link only begins an ending (`begin_revocation`)
PAUSING = ("link", "session")
AT_ONCE = 100  # grants paused in one transaction
_CHOSEN = (GrantState.REVOKED.value, GrantState.RESCINDED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedOnSession:
    """An ending that bites: from `enforced_at` every check denies, and the acknowledgement says so."""

    grant: str
    authority: str
    ended_at: datetime
    enforced_at: datetime
    acknowledgement: str
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedOnSession:
    """A pause that bites; only the performer's own passkey lifts it."""

    grant: str
    enforced_at: datetime
    repeated: bool


def revoke_on_session(
    ports: RegistryPorts, *, livemode: bool, performer: UUID, grant: str, authority: str = "session"
) -> EndedOnSession:
    """End a grant for good, for a performer who signed in with a passkey; returns when it is enforced.

    Asked again it answers the ending that there is, whoever of the two ways it was chosen by.

    Raises:
        Invalid: another authority. NotFound: not this performer's grant.
        AlreadyEnded: it ended by itself or was voided; raised after that is enforced.
    """
    _require(authority, ENDING)
    with told_when_enforced(ports), history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        row = lock_grant(grant, performer=performer)
        repeated = row.state in _CHOSEN
        if repeated:
            tx.nothing_changed()
        else:
            _end(tx, row, person, authority=authority, at=ports.clock())
    if not repeated:
        enforced(written(tx, ending_event(row), denies=True, ports=ports), ports)
    return _answer(ports, row, repeated=repeated)


def read_ending(ports: RegistryPorts, *, performer: UUID, grant: str) -> EndedOnSession | None:
    """The same answer for a grant that the performer ended before; None if they did not."""
    row = Grant.objects.filter(id=grant, performer_id=performer, state__in=_CHOSEN).first()
    return None if row is None else _answer(ports, row, repeated=True)


def suspend_on_session(
    ports: RegistryPorts, *, livemode: bool, performer: UUID, grant: str, authority: str = "session"
) -> PausedOnSession:
    """Pause a grant at once, on a session or a mailed link. Asked again it answers the pause that there is.

    Raises:
        Invalid: another authority. NotFound: not this performer's grant.
        StateConflict: it is not active yet. AlreadyEnded.
    """
    _require(authority, PAUSING)
    with told_when_enforced(ports), history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        row = lock_grant(grant, performer=performer)
        held = _own_hold(row)
        if held is None:
            event = _hold(tx, row, person, authority=authority, at=ports.clock())
        else:
            tx.nothing_changed()
            event = held
    waiting = written(tx, event, denies=True, ports=ports) if held is None else seen(event, ports=ports)
    enforced_at = enforced(waiting, ports)
    assert enforced_at is not None
    return PausedOnSession(grant=grant, enforced_at=enforced_at, repeated=held is not None)


def suspend_all_on_session(
    ports: RegistryPorts, *, livemode: bool, performer: UUID, authority: str = "session"
) -> Sequence[PausedOnSession]:
    """Pause everything that the performer has not paused yet; returns when all of it is enforced.

    Raises:
        Invalid: another authority. NotFound: no such performer.
    """
    _require(authority, PAUSING)
    paused: dict[str, str] = {}
    while made := _suspend_some(ports, livemode=livemode, performer=performer, authority=authority):
        paused |= made
    committed_at_boot = ports.log.boot_clock()  # all of them: they are waited for together
    return [
        PausedOnSession(
            grant=grant,
            enforced_at=wait_enforced(event, committed_at_boot=committed_at_boot, ports=ports.log),
            repeated=False,
        )
        for grant, event in paused.items()
    ]


def _suspend_some(ports: RegistryPorts, *, livemode: bool, performer: UUID, authority: str) -> dict[str, str]:
    """Pause some in one transaction; the event of each."""
    made = {}
    with history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        own = GrantHold.objects.filter(performer=person, holder=PERFORMER, lifted_at=None)
        standing = Grant.objects.filter(performer=person, state__in=("active", "suspended"))
        rows = (
            standing.exclude(id__in=own.values("grant"))
            .select_for_update(no_key=True)
            .order_by("id")[:AT_ONCE]
        )
        at = ports.clock()
        for row in rows:
            made[row.id] = _hold(tx, row, person, authority=authority, at=at)
        if not made:
            tx.nothing_changed()
    return made


def _end(tx: HistoryTransaction, row: Grant, person: Performer, *, authority: str, at: datetime) -> None:
    event = end(tx, row, person, GrantEvent.REVOKE, at=at, authority=authority, said={})
    record_ending(row, GrantEvent.REVOKE, at=at, authority=authority, event_id=event, statement=None)
    close_pending(row, at=at)


def _hold(tx: HistoryTransaction, row: Grant, person: Performer, *, authority: str, at: datetime) -> str:
    return place_hold(tx, row, person, holder=PERFORMER, authority=authority, at=at, said={})


def _own_hold(row: Grant) -> str | None:
    """The event of the performer's own open hold of a grant that has not ended."""
    if GrantState(row.state) in ENDED:
        return None
    return hold_event(row, PERFORMER)


def _answer(ports: RegistryPorts, row: Grant, *, repeated: bool) -> EndedOnSession:
    ending = GrantEnding.objects.select_related("statement").exclude(outcome="voided").get(grant=row)
    acknowledgement = acknowledgement_of(ending, ports)
    if acknowledgement is None:
        raise AlreadyEnded(ending.event)
    enforced_at = await_seen(ending.event, ports=ports.log)
    return EndedOnSession(
        grant=row.id,
        authority=ending.authority,
        ended_at=ending.ended_at,
        enforced_at=enforced_at,
        acknowledgement=acknowledgement,
        repeated=repeated,
    )


def _require(authority: str, known: tuple[str, ...]) -> None:
    if authority not in known:
        raise Invalid(pointer="/authority", rule="known", expected=", ".join(known), got=authority[:16])
