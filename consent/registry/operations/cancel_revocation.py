"""A revocation begun without a key: the grant is paused at once, and ends after a day unless a passkey stops it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consent.core.ids import new_id
from consent.core.states import GrantEvent, GrantState, licensee_view
from consent.log.transaction import history_transaction
from consent.registry.acceptance import Acting, Done, accept
from consent.registry.answers import StatementResult, Written, told_when_enforced, written
from consent.registry.errors import Invalid, StateConflict
from consent.registry.history import grant_event
from consent.registry.lifecycle import PERFORMER, end, hold_event, open_holders, place_hold, record_ending
from consent.registry.locks import lock_grant, lock_performer
from consent.registry.models import PendingRevocation
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed, require_may_loosen
from signing.instants import format_instant

PENDING_LIFE = timedelta(hours=24)  # DESIGN §10
_KEYLESS = ("link", "session")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationBegun:
    """Its id, which a cancellation names, and from when the end is final."""

    revocation: str
    due_at: datetime
    written: Written


def begin_revocation(
    ports: RegistryPorts, *, livemode: bool, performer: UUID, grant: str, authority: str
) -> RevocationBegun:
    """Pause a grant and let it end in 24 hours, on a stop-only session. Wait with `enforced`.

    One that was signed and is not active yet has nothing to pause: it does not become active meanwhile.

    Raises:
        Invalid: an authority that has a key. NotFound: not this performer's grant.
        StateConflict: begun already; told when the pause is enforced. AlreadyEnded.
    """
    if authority not in _KEYLESS:
        raise Invalid(pointer="/authority", rule="known", expected=", ".join(_KEYLESS), got=authority[:16])
    revocation = new_id("stm", random=ports.log.random)
    with told_when_enforced(ports), history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        row = lock_grant(grant, performer=performer)
        at = ports.clock()
        if PendingRevocation.objects.filter(grant=row, closed_at=None).exists():
            raise StateConflict(
                "a revocation of this grant was begun already", event=hold_event(row, PERFORMER)
            )
        due_at = at + PENDING_LIFE
        said = {"revocation": revocation, "due_at": format_instant(due_at)}
        if row.state == GrantState.SIGNED.value:
            body = {"authority": authority, **said}
            event = tx.append(grant_event("grant.revocation_begun", row, person, body, denies=True))
        elif PERFORMER in open_holders(row):
            body = {"state": "paused", "holder": PERFORMER, "authority": authority, **said}
            event = tx.append(grant_event("grant.paused", row, person, body, denies=True))
        else:
            event = place_hold(tx, row, person, holder=PERFORMER, authority=authority, at=at, said=said)
        PendingRevocation.objects.create(
            id=revocation,
            grant=row,
            livemode=livemode,
            performer=person,
            authority=authority,
            begun_at=at,
            due_at=due_at,
        )
    return RevocationBegun(
        revocation=revocation, due_at=due_at, written=written(tx, event, denies=True, ports=ports)
    )


def cancel_revocation(ports: RegistryPorts, *, signed: Signed) -> StatementResult:
    """Stop a pending revocation; the suspension stays until the performer resumes.

    Raises:
        CredentialBlocked, CredentialWaiting: not a key that may loosen.
        StateConflict: no such pending revocation of this grant. NotFound, StatementInvalid.
    """
    return accept(ports, signed, _cancel)


def _cancel(acting: Acting) -> Done:
    require_may_loosen(acting.credential, at=acting.at)
    grant = acting.named_grant()
    cancelled = str(acting.signed.body["cancels"])
    changed = PendingRevocation.objects.filter(
        id=cancelled, grant=grant, closed_at=None, due_at__gt=acting.at
    ).update(closed_at=acting.at, outcome="cancelled")
    if changed != 1:
        raise StateConflict("no such revocation is pending", pointer="/body/cancels")
    said = {**acting.said(), "revocation": cancelled}
    event = acting.tx.append(
        grant_event("grant.revocation_cancelled", grant, acting.person, said, denies=False)
    )
    acting.keep(event, grant=grant.id)
    return Done(event=event, grant=grant, state=licensee_view(GrantState(grant.state)))


def finish_revocations_due(ports: RegistryPorts, *, livemode: bool, limit: int = 100) -> int:
    """End what is due, for the sweep; returns how many. Safe to run anywhere, any number of times."""
    due = PendingRevocation.objects.filter(
        livemode=livemode, closed_at=None, due_at__lte=ports.clock()
    ).order_by("due_at")
    return sum(_finish(ports, row) for row in due[:limit])


def _finish(ports: RegistryPorts, pending: PendingRevocation) -> bool:
    with history_transaction(pending.livemode, ports.log) as tx:
        person = lock_performer(pending.performer_id, livemode=pending.livemode)
        grant = lock_grant(pending.grant_id, performer=person.id)
        at = ports.clock()
        closed = PendingRevocation.objects.filter(id=pending.id, closed_at=None).update(
            closed_at=at, outcome="ended"
        )
        if closed != 1 or grant.ended_at is not None:
            tx.nothing_changed()
            return False
        event = end(
            tx,
            grant,
            person,
            GrantEvent.REVOKE,
            at=at,
            authority=pending.authority,
            said={"revocation": pending.id},
        )
        record_ending(
            grant,
            GrantEvent.REVOKE,
            at=at,
            authority=pending.authority,
            event_id=event,
            statement=None,
        )
    return True
