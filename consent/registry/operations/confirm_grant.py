"""The second yes, and taking the first one back before it counts (DECIDING 20)."""

from consent.core.states import GrantEvent, GrantState, confirmable_from, licensee_view
from consent.registry.acceptance import Acting, Done, accept
from consent.registry.activation import activate
from consent.registry.answers import StatementResult
from consent.registry.ending import end_by_statement
from consent.registry.errors import AlreadyEnded, MethodNotAllowed, StateConflict, TooEarly
from consent.registry.history import grant_event
from consent.registry.lifecycle import due_at, ending_event, is_ending
from consent.registry.models import Grant
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed, require_may_loosen
from signing.instants import format_instant


def confirm_grant(ports: RegistryPorts, *, signed: Signed) -> StatementResult:
    """Confirm a grant that waits. It is active at once if its cooling-off is over, else when that ends.

    Raises:
        CredentialBlocked, CredentialWaiting: not a key that may loosen.
        MethodNotAllowed: adult terms are confirmed with a passkey.
        TooEarly: less than 12 hours after signing (24 where work in person is replaced).
        StateConflict: nothing awaits a confirmation. NotFound, StatementInvalid, AlreadyEnded.
    """
    return accept(ports, signed, _confirm)


def _confirm(acting: Acting) -> Done:
    require_may_loosen(acting.credential, at=acting.at)
    grant = acting.named_grant()
    _require_awaited(grant)
    if grant.adult and acting.signed.verified.performer.method != "webauthn":
        raise MethodNotAllowed("adult terms are confirmed with a passkey", pointer="/signatures/0/method")
    earliest = confirmable_from(
        signed_at=grant.signed_at, adult=grant.adult, unrepresented=grant.unrepresented
    )
    if acting.at < earliest:
        raise TooEarly("this confirmation comes too early", expected=f"from {format_instant(earliest)}")
    changed = Grant.objects.filter(id=grant.id, state="signed", confirmed_at=None).update(
        confirmed_at=acting.at
    )
    if changed != 1:
        raise StateConflict("this grant was confirmed already")
    grant.confirmed_at = acting.at
    event = acting.tx.append(
        grant_event("grant.confirmed", grant, acting.person, acting.said(), denies=False)
    )
    due = due_at(grant)
    ending = None
    if due is not None and due <= acting.at and not is_ending(grant):
        ending = activate(acting.tx, grant, acting.person, at=acting.at)
    acting.keep(event, awaits=ending, grant=grant.id)
    return Done(
        event=event,
        awaits=ending,
        grant=grant,
        state=licensee_view(GrantState(grant.state)),
        active_from=due,
    )


def _require_awaited(grant: Grant) -> None:
    if grant.ended_at is not None:
        raise AlreadyEnded(ending_event(grant))
    if not (grant.adult or grant.unrepresented) or grant.state != "signed":
        raise StateConflict("no confirmation is awaited", expected="signed", got=grant.state)


def rescind_grant(ports: RegistryPorts, *, signed: Signed) -> StatementResult:
    """Take a signed grant back before it was active, from the start. Wait with `answer_enforced`.

    Raises:
        CredentialBlocked: the key is off. StateConflict: it was active already: revoke it.
        NotFound, StatementInvalid, AlreadyEnded.
    """
    return accept(ports, signed, _rescind)


def _rescind(acting: Acting) -> Done:
    return end_by_statement(acting, GrantEvent.RESCIND)[1]
