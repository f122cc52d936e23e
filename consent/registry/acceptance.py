"""Accepting a signed statement: one transaction, the performer first, and the same statement only once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from consent.core.states import GrantState, licensee_view
from consent.log.transaction import HistoryTransaction, history_transaction
from consent.registry.answers import StatementResult, seen, told_when_enforced, written
from consent.registry.errors import StatementInvalid
from consent.registry.locks import lock_credential, lock_grant, lock_performer
from consent.registry.models import Credential, Grant, GrantEnding, GrantHold, Performer, Statement
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed, find_repeat, keep_statement

CURRENT = "current"  # the state of what is not about a grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """A verified statement inside its transaction: performer and key are locked, `at` is now."""

    tx: HistoryTransaction
    ports: RegistryPorts
    signed: Signed
    person: Performer
    credential: Credential
    at: datetime

    def keep(
        self,
        event: str,
        *,
        awaits: str | None = None,
        grant: str | None = None,
        text: bytes | None = None,
    ) -> Statement:
        """Store the statement under its event, with the denial that every answer waits for."""
        return keep_statement(
            self.ports,
            self.signed,
            person=self.person,
            event=event,
            awaits=awaits,
            at=self.at,
            grant=grant,
            text=text,
        )

    def named_grant(self) -> Grant:
        """The grant that the body names, locked.

        Raises:
            NotFound: not one of this performer's.
            StatementInvalid: the body's digest is of other bytes.
        """
        body = self.signed.body
        grant = lock_grant(str(body["grant"]), performer=self.person.id)
        if grant.grant_sha256 != body["grant_sha256"]:
            raise StatementInvalid(
                "the digest is not that of the signed grant",
                pointer="/body/grant_sha256",
                rule="grant_sha256",
            )
        return grant

    def said(self) -> dict[str, str]:
        """How events name the statement."""
        submission = self.signed.submission
        return {"statement": submission.id, "body_sha256": submission.body_sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a statement did: its event, the denial to wait for if any, and how the grant stands now."""

    event: str
    awaits: str | None = None
    grant: Grant | None = None
    state: str = CURRENT
    active_from: datetime | None = None


def accept(ports: RegistryPorts, signed: Signed, act: Callable[[Acting], Done]) -> StatementResult:
    """Run `act` for a statement that was not accepted before; the same one again finds what it did.

    Raises:
        StatementConflict: the id was used for another body.
        AlreadyEnded: after that ending is enforced.
    """
    submission = signed.submission
    performer = signed.credential.performer_id
    done: Done | None = None
    with told_when_enforced(ports), history_transaction(submission.livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=submission.livemode)
        repeat = find_repeat(submission)
        if repeat is None:
            credential = lock_credential(performer, signed.credential.thumbprint)
            done = act(
                Acting(
                    tx=tx, ports=ports, signed=signed, person=person, credential=credential, at=ports.clock()
                )
            )
        else:
            tx.nothing_changed()
    if repeat is not None:
        return repeated(ports, repeat)
    assert done is not None
    return StatementResult(
        id=submission.id,
        kind=submission.kind,
        livemode=submission.livemode,
        grant=None if done.grant is None else done.grant.id,
        grant_sha256=None if done.grant is None else done.grant.grant_sha256,
        body_sha256=submission.body_sha256,
        state=done.state,
        repeated=False,
        written=written(tx, done.awaits or done.event, denies=done.awaits is not None, ports=ports),
        active_from=done.active_from,
    )


def repeated(ports: RegistryPorts, statement: Statement) -> StatementResult:
    """What an accepted statement did, with how its grant stands now.

    If the grant has stopped since, the answer says so and therefore waits for that.
    """
    grant = Grant.objects.filter(id=statement.id if statement.kind == "grant" else statement.grant_id).first()
    event = statement.awaits or statement.event
    if grant is not None and statement.kind != "revocation":
        event = stopping_event(grant) or event
    return StatementResult(
        id=statement.id,
        kind=statement.kind,
        livemode=statement.livemode,
        grant=None if grant is None else grant.id,
        grant_sha256=None if grant is None else grant.grant_sha256,
        body_sha256=statement.body_sha256,
        state=CURRENT if grant is None else licensee_view(GrantState(grant.state)),
        repeated=True,
        written=seen(event, ports=ports),
    )


def stopping_event(grant: Grant) -> str | None:
    """The event of whatever stopped a grant: its ending, or the newest hold; None while it stands."""
    ending = GrantEnding.objects.filter(grant=grant).order_by("-id").values_list("event", flat=True).first()
    if ending is not None:
        return ending
    return (
        GrantHold.objects.filter(grant=grant, lifted_at=None)
        .order_by("-id")
        .values_list("event", flat=True)
        .first()
    )
