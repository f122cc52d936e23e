"""Pausing a grant and lifting the pause; a grant has a set of holders, and each lifts only its own hold."""

import re

from consent.core.states import GrantState, licensee_view
from consent.log.transaction import HistoryTransaction, history_transaction
from consent.registry.acceptance import Acting, Done, accept
from consent.registry.answers import StatementResult, Written, told_when_enforced, written
from consent.registry.errors import Invalid, NotFound
from consent.registry.lifecycle import PERFORMER, lift_hold, place_hold
from consent.registry.locks import lock_grant, lock_performer
from consent.registry.models import Grant, Performer
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed, require_may_deny, require_may_loosen
from consent.registry.text import required

# Who but the performer may hold: the registry itself, a court, a guild (strike), an organization.
_HOLDER = re.compile(r"operator|order:[a-z0-9._-]{1,40}|guild:[a-z0-9._-]{1,40}|org_[a-z0-9_]{1,60}")


def suspend_grant(ports: RegistryPorts, *, signed: Signed) -> StatementResult:
    """The performer pauses a grant; any own key that is not off does it at once.

    Raises:
        CredentialBlocked, NotFound, StatementInvalid: as for ending.
        StateConflict: not active yet, or paused by the performer already. AlreadyEnded: it has ended.
    """
    return accept(ports, signed, _suspend)


def _suspend(acting: Acting) -> Done:
    require_may_deny(acting.credential)
    grant = acting.named_grant()
    event = place_hold(
        acting.tx,
        grant,
        acting.person,
        holder=PERFORMER,
        authority="passkey" if acting.credential.kind == "passkey" else "key",
        at=acting.at,
        said=acting.said(),
    )
    acting.keep(event, awaits=event, grant=grant.id)
    return Done(event=event, awaits=event, grant=grant, state=licensee_view(GrantState(grant.state)))


def resume_grant(ports: RegistryPorts, *, signed: Signed) -> StatementResult:
    """The performer lifts their own hold; the grant stays paused while somebody else holds it.

    Raises:
        CredentialBlocked, CredentialWaiting: not a key that may loosen.
        NotHolder: the performer has no hold. NotFound, StatementInvalid, StateConflict, AlreadyEnded.
    """
    return accept(ports, signed, _resume)


def _resume(acting: Acting) -> Done:
    require_may_loosen(acting.credential, at=acting.at)
    grant = acting.named_grant()
    event = lift_hold(
        acting.tx,
        grant,
        acting.person,
        holder=PERFORMER,
        authority="passkey" if acting.credential.kind == "passkey" else "key",
        at=acting.at,
        said=acting.said(),
    )
    acting.keep(event, grant=grant.id)
    return Done(event=event, grant=grant, state=licensee_view(GrantState(grant.state)))


def suspend_by_holder(
    ports: RegistryPorts, *, livemode: bool, grant: str, holder: str, reason: str
) -> Written:
    """Pause a grant on somebody else's behalf: operator, court order, guild strike. Wait with `enforced`.

    `reason` stands in the sealed event only.

    Raises:
        Invalid: no such kind of holder, no reason. NotFound, StateConflict, AlreadyEnded.
    """
    required(reason, "/reason", max_chars=1000, lines=True)
    with told_when_enforced(ports), history_transaction(livemode, ports.log) as tx:
        row, person = _locked(tx, grant, holder)
        event = place_hold(
            tx,
            row,
            person,
            holder=holder,
            authority="operator",
            at=ports.clock(),
            said={"reason": reason},
        )
    return written(tx, event, denies=True, ports=ports)


def resume_by_holder(ports: RegistryPorts, *, livemode: bool, grant: str, holder: str) -> Written:
    """Lift the hold of the same holder; never the performer's.

    Raises:
        Invalid: no such kind of holder. NotHolder: it has no hold. NotFound, StateConflict, AlreadyEnded.
    """
    with told_when_enforced(ports), history_transaction(livemode, ports.log) as tx:
        row, person = _locked(tx, grant, holder)
        event = lift_hold(tx, row, person, holder=holder, authority="operator", at=ports.clock(), said={})
    return written(tx, event, denies=False, ports=ports)


def _locked(tx: HistoryTransaction, grant: str, holder: str) -> tuple[Grant, Performer]:
    if not _HOLDER.fullmatch(holder):
        raise Invalid(
            pointer="/holder", rule="holder", expected="operator, order:…, guild:… or an organization"
        )
    performer = (
        Grant.objects.filter(id=grant, livemode=tx.livemode).values_list("performer_id", flat=True).first()
    )
    if performer is None:
        raise NotFound("no such grant")
    person = lock_performer(performer, livemode=tx.livemode)
    return lock_grant(grant, performer=performer), person
