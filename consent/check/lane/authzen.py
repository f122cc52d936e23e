"""`POST /access/v1/evaluation` and `/access/v1/evaluations` in the lane (OpenID AuthZEN, Authorization API 1.0)."""

from typing import Literal

from consent.check.authzen.answering import answer_evaluations, evaluate
from consent.check.authzen.reading import Evaluations, read_evaluation, read_evaluations
from consent.check.checks import Checks
from consent.check.lane.route import Call
from consent.core.wire.decode import MAX_BATCH_BYTES, MAX_CHECK_BYTES
from consent.core.wire.encode import encode


class EvaluationRoute:
    """One question."""

    name = "/access/v1/evaluation"
    method: Literal["GET", "POST"] = "POST"
    scope = "check"
    max_bytes = MAX_CHECK_BYTES
    takes_query = False

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    def answer(self, call: Call) -> bytes:
        """As in `Route`."""
        return encode(evaluate(read_evaluation(call.body), checks=self._checks, caller=call.caller))


class EvaluationsRoute:
    """Many questions at one position, under one receipt."""

    name = "/access/v1/evaluations"
    method: Literal["GET", "POST"] = "POST"
    scope = "check"
    max_bytes = MAX_BATCH_BYTES
    takes_query = False

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    def answer(self, call: Call) -> bytes:
        """As in `Route`."""
        asked = read_evaluations(call.body)
        if isinstance(asked, Evaluations):
            call.count(len(asked.items) - 1)
        return encode(
            answer_evaluations(asked, checks=self._checks, caller=call.caller, to_problem=call.to_problem)
        )
