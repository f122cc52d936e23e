"""`/access/v1/…` and their configuration: the registry as a decision point of OpenID AuthZEN."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from consent.api.operation import Actor, operation
from consent.api.problems import to_api_error
from consent.api.view import ApiView, Call, Reply
from consent.check.authzen.answering import answer_evaluations, evaluate
from consent.check.authzen.configuration import configuration
from consent.check.authzen.reading import Evaluations as AskedEvaluations
from consent.check.authzen.reading import read_evaluation, read_evaluations
from consent.check.lane.lane import CACHED
from consent.check.lane.request_ids import may_be_repeated
from consent.core.wire.authzen import (
    AuthzenConfiguration,
    Evaluation,
    EvaluationRequest,
    Evaluations,
    EvaluationsRequest,
)
from consent.core.wire.check import Problem
from consent.core.wire.decode import MAX_BATCH_BYTES, MAX_CHECK_BYTES
from consent.core.wire.errors import WireError
from consent.core.wire.problem import to_problem
from consent.core.wire.problem_kinds import QUESTION_CODES

_UNAVAILABLE = ("rolled_back", "position_invalid", "position_conflict", "ledger", "commit_unknown")


class AuthzenView(ApiView):
    """A client's X-Request-ID is repeated in the answer (§10.1.3)."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As in every view; an id that cannot be repeated is refused."""
        super().initial(request, *args, **kwargs)
        sent = request.headers.get("X-Request-ID")
        if sent is not None and not may_be_repeated(sent):
            expected = "1 to 128 printable ASCII characters in X-Request-ID"
            raise WireError("", "request_id", expected, repr(sent)[:60], "value_invalid")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """As in every view, and the id is repeated, whatever the answer is."""
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        sent = request.headers.get("X-Request-ID")
        if sent is not None and may_be_repeated(sent):
            response.headers["X-Request-Id"] = sent
        return response


class EvaluationView(AuthzenView):
    """One question."""

    @operation(
        id="authzenEvaluation",
        summary="Ask in the words of OpenID AuthZEN",
        tag="AuthZEN",
        actor=Actor.ORGANIZATION,
        scope="check",
        counts="/access/v1/evaluation",
        body=EvaluationRequest,
        decode=read_evaluation,
        max_bytes=MAX_CHECK_BYTES,
        answer=Evaluation,
        problems=(*QUESTION_CODES, *_UNAVAILABLE),
        description="`subject` is an organization, or anybody who acts for yours; `action.name` is the use; "
        "`resource` is the performer, external_id, grant, persona or model; `context` has the other members of "
        "`/v1/check`. Answered by the same check, with the same record and receipt.",
    )
    def post(self, call: Call) -> Evaluation:
        """True or false, kept before it is told."""
        return evaluate(call.body, checks=self.wiring.checks, caller=call.organization)


class EvaluationsView(AuthzenView):
    """Many questions."""

    @operation(
        id="authzenEvaluations",
        summary="Ask up to 10,000 questions in the words of OpenID AuthZEN",
        tag="AuthZEN",
        actor=Actor.ORGANIZATION,
        scope="check",
        counts="/access/v1/evaluations",
        body=EvaluationsRequest,
        decode=read_evaluations,
        max_bytes=MAX_BATCH_BYTES,
        answer=Evaluations,
        problems=(*QUESTION_CODES, *_UNAVAILABLE, "batch_size_invalid"),
        description="All are decided (`execute_all`) at one position and answered in order; what is no question is "
        "false, with its error. Without `evaluations` it is one question.",
    )
    def post(self, call: Call) -> Evaluations:
        """Each one's decision."""
        if isinstance(call.body, AskedEvaluations):
            self.count(self.operation(call.request), len(call.body.items) - 1)

        def word(exc: Exception) -> Problem:
            error = to_api_error(exc)
            return to_problem(error, origin=self.wiring.registry.origin, request_id=call.request_id)

        return answer_evaluations(
            call.body, checks=self.wiring.checks, caller=call.organization, to_problem=word
        )


class ConfigurationView(ApiView):
    """Where the decision point is."""

    @operation(
        id="getAuthzenConfiguration",
        summary="Read where AuthZEN's endpoints are",
        tag="Discovery",
        actor=Actor.ANYBODY,
        answer=AuthzenConfiguration,
    )
    def get(self, call: Call) -> Reply:
        """§9.1; the same bytes for everybody."""
        return Reply(value=configuration(self.wiring.registry.origin), headers=CACHED)
