"""Ending a grant, for good. It needs no preparation, and any own key that is not off does it at once."""

import re
from dataclasses import dataclass
from datetime import datetime

from consent.core.states import GrantEvent
from consent.log.transaction import history_transaction
from consent.registry.acceptance import Acting, Done, accept
from consent.registry.answers import StatementResult, Written, told_when_enforced, written
from consent.registry.ending import end_by_statement
from consent.registry.errors import Invalid, NotFound
from consent.registry.lifecycle import end, record_ending
from consent.registry.locks import lock_grant, lock_performer
from consent.registry.models import Grant, PendingRevocation
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed
from consent.registry.text import required

_ACTOR = re.compile(r"[A-Za-z0-9_.:@-]{1,100}")


def revoke_grant(ports: RegistryPorts, *, signed: Signed) -> StatementResult:
    """End the grant that the body names; wait with `answer_enforced` before anybody is told.

    Raises:
        CredentialBlocked: the key is off. NotFound: not this performer's grant.
        StatementInvalid: the digest is of other bytes.
        AlreadyEnded: somebody was faster; raised after that ending is enforced.
    """
    return accept(ports, signed, _revoke)


def _revoke(acting: Acting) -> Done:
    grant, done = end_by_statement(acting, GrantEvent.REVOKE)
    close_pending(grant, at=acting.at)
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorEnding:
    """An ending without the performer's signature: the registry's own record of it."""

    grant: str
    written: Written


def revoke_by_operator(
    ports: RegistryPorts, *, livemode: bool, grant: str, actor: str, reason: str
) -> OperatorEnding:
    """End a grant on the registry's own authority: the performer asked by other means, or a court did.

    `actor` names the operator's account; `reason` stands in the sealed event only. Wait with `enforced`.

    Raises:
        NotFound, AlreadyEnded, Invalid: as for the performer's own.
    """
    return end_by_operator(
        ports, livemode=livemode, grant=grant, event=GrantEvent.REVOKE, actor=actor, reason=reason
    )


def end_by_operator(
    ports: RegistryPorts, *, livemode: bool, grant: str, event: GrantEvent, actor: str, reason: str
) -> OperatorEnding:
    """Revoke or void a grant under `authority: operator`."""
    if not _ACTOR.fullmatch(actor):
        raise Invalid(pointer="/actor", rule="actor", expected="the name of an operator's account")
    required(reason, "/reason", max_chars=1000, lines=True)
    performer = (
        Grant.objects.filter(id=grant, livemode=livemode).values_list("performer_id", flat=True).first()
    )
    if performer is None:
        raise NotFound("no such grant")
    with told_when_enforced(ports), history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        row = lock_grant(grant, performer=performer)
        at = ports.clock()
        said = {"actor": actor, "reason": reason}
        event_id = end(tx, row, person, event, at=at, authority="operator", said=said)
        record_ending(row, event, at=at, authority="operator", event_id=event_id, statement=None)
        close_pending(row, at=at)
    return OperatorEnding(grant=grant, written=written(tx, event_id, denies=True, ports=ports))


def close_pending(grant: Grant, *, at: datetime) -> None:
    """A revocation that was begun without a key has nothing left to end."""
    PendingRevocation.objects.filter(grant=grant, closed_at=None).update(closed_at=at, outcome="ended")
