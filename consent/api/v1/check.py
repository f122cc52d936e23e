"""`/v1/check`, `/v1/check/batch` and `/v1/receipts`: may I? A deny is an answer; a problem is none."""

from consent.api.operation import Actor, operation
from consent.api.problems import to_api_error
from consent.api.view import ApiView, Call
from consent.check.question_body import read_batch, read_check
from consent.core.wire.check import BatchRequest, BatchResponse, CheckRequest, CheckResponse, Problem
from consent.core.wire.decode import MAX_BATCH_BYTES, MAX_CHECK_BYTES
from consent.core.wire.problem import to_problem
from consent.core.wire.problem_kinds import QUESTION_CODES
from consent.core.wire.records import Receipt

_UNAVAILABLE = ("rolled_back", "position_invalid", "position_conflict", "ledger", "commit_unknown")


class CheckView(ApiView):
    """One question."""

    @operation(
        id="check",
        summary="Ask whether a use is allowed",
        tag="Checks",
        actor=Actor.ORGANIZATION,
        scope="check",
        counts="/v1/check",
        body=CheckRequest,
        decode=read_check,
        max_bytes=MAX_CHECK_BYTES,
        answer=CheckResponse,
        problems=(*QUESTION_CODES, *_UNAVAILABLE),
        description="The question is completed first (`asked`), then decided at one position of the history. "
        "A deny is status 200 with its reasons. `nonce` makes counted outputs count once.",
    )
    def post(self, call: Call) -> CheckResponse:
        """Allow or deny, kept before it is told."""
        return self.wiring.checks.check(call.body, caller=call.organization)


class BatchCheckView(ApiView):
    """Many questions."""

    @operation(
        id="checkBatch",
        summary="Ask up to 10,000 questions at one position",
        tag="Checks",
        actor=Actor.ORGANIZATION,
        scope="check",
        counts="/v1/check/batch",
        body=BatchRequest,
        decode=read_batch,
        max_bytes=MAX_BATCH_BYTES,
        answer=BatchResponse,
        problems=(*QUESTION_CODES, *_UNAVAILABLE, "batch_size_invalid", "row_id_invalid", "row_id_repeated"),
        description="Rows are independent and answered in order; a row at fault is `{id, problem}`. "
        "One signed receipt covers all of them.",
    )
    def post(self, call: Call) -> BatchResponse:
        """Each row's decision or problem."""
        self.count(self.operation(call.request), len(call.body.names) - 1)

        def word(exc: Exception) -> Problem:
            error = to_api_error(exc)
            return to_problem(error, origin=self.wiring.registry.origin, request_id=call.request_id)

        return self.wiring.checks.batch(call.body, caller=call.organization, to_problem=word)


class ReceiptView(ApiView):
    """One decision's receipt."""

    @operation(
        id="getReceipt",
        summary="Read the signed receipt of a decision",
        tag="Checks",
        actor=Actor.ORGANIZATION,
        scope="receipts",
        answer=Receipt,
        description="Of a row of a batch it is the batch's receipt. About a second after the answer, at another "
        "machine up to five; until then it is 404, like anybody else's.",
    )
    def get(self, call: Call, decision: str) -> Receipt:
        """Only of one's own decisions."""
        return self.wiring.checks.receipt(decision, caller=call.organization)


class ReceiptProofView(ApiView):
    """What proves a decision from the log alone."""

    @operation(
        id="getReceiptProof",
        summary="Download the log proof of a decision",
        tag="Checks",
        actor=Actor.ORGANIZATION,
        scope="receipts",
        answer=bytes,
        description="The ledger's record of the decision, its way to a commitment of the history, and the proof of "
        "that in the published log. It verifies offline, also when every receipt key has retired: `consent verify`. "
        "About fifteen seconds after the answer; until then it is 404, like anybody else's.",
    )
    def get(self, call: Call, decision: str) -> bytes:
        """Only of one's own decisions."""
        return self.wiring.proofs.proof(decision, caller=call.organization)
