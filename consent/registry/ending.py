"""A performer ends a grant by a signed statement: what revoking and rescinding share."""

from consent.core.states import GrantEvent
from consent.registry.acceptance import Acting, Done
from consent.registry.lifecycle import end, record_ending
from consent.registry.models import Grant
from consent.registry.statements import require_may_deny


def end_by_statement(acting: Acting, event: GrantEvent) -> tuple[Grant, Done]:
    """End the grant that the statement names, and keep the statement; `event` says which ending it is.

    Raises:
        CredentialBlocked, NotFound, StatementInvalid, StateConflict, AlreadyEnded.
    """
    require_may_deny(acting.credential)
    grant = acting.named_grant()
    authority = "passkey" if acting.credential.kind == "passkey" else "key"
    ended = end(
        acting.tx,
        grant,
        acting.person,
        event,
        at=acting.at,
        authority=authority,
        said=acting.said(),
    )
    statement = acting.keep(ended, awaits=ended, grant=grant.id)
    record_ending(grant, event, at=acting.at, authority=authority, event_id=ended, statement=statement.id)
    return grant, Done(event=ended, awaits=ended, grant=grant, state="ended")
