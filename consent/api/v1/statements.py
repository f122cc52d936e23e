"""`POST /v1/statements`: whatever a performer signed. The signature is the authority; no session is needed."""

from msgspec import UNSET

from consent.api.operation import KIB, Actor, Idempotency, operation
from consent.api.query import WaitQuery
from consent.api.view import ApiView, Call, Reply
from consent.core.wire.statements import Accepted, Statement
from consent.core.wire.times import milliseconds_or_none, seconds
from consent.registry.answers import StatementAnswer
from consent.registry.operations.submit_statement import submit_statement

STATEMENT_BYTES = 512 * KIB  # a grant of 32 lines with its signatures
_REFUSALS = (
    "statement_invalid",
    "body_mismatch",
    "livemode_mismatch",
    "signature_invalid",
    "refused",
    "credential_unknown",
    "credential_blocked",
    "credential_waiting",
    "signing_method_insufficient",
    "identity_missing",
    "identity_stale",
    "too_early",
    "too_late",
    "not_holder",
    "not_found",
    "state_conflict",
    "already_ended",
    "statement_conflict",
    "nonce_spent",
    "preparation_spent",
    "credential_taken",
    "exclusivity_conflict",
    "limits_version_conflict",
    "commit_unknown",
    "rolled_back",
)


class StatementsView(ApiView):
    """Every kind of statement comes in here."""

    @operation(
        id="submitStatement",
        summary="Hand in a signed statement",
        tag="Statements",
        actor=Actor.ANYBODY,
        body=Statement,
        max_bytes=STATEMENT_BYTES,
        answer=Accepted,
        status=201,
        idempotency=Idempotency.REQUIRED,
        problems=_REFUSALS,
        query=WaitQuery,
        may_wait=True,
        description="Whatever denies is answered once it is enforced: every check sent after this answer "
        "denies. The same statement again waits likewise and answers the same.",
    )
    def post(self, call: Call) -> Reply:
        """The registry verifies the very bytes that came, not what was typed from them."""
        wait = call.query.wait == "enforced"
        done = submit_statement(self.wiring.registry, envelope=call.data, wait=wait)
        return Reply(value=_shown(done), status=202 if done.waiting else None)


def _shown(done: StatementAnswer) -> Accepted:
    return Accepted(
        id=done.id,
        livemode=done.livemode,
        kind=done.kind,
        state=done.state,
        committed=done.committed,
        grant=UNSET if done.grant is None else done.grant,
        enforced_at=milliseconds_or_none(done.enforced_at),
        acknowledgement=done.acknowledgement,
        active_from=UNSET if done.active_from is None else seconds(done.active_from),
    )
