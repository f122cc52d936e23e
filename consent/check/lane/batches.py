"""`POST /v1/check/batch` in the lane."""

from typing import Literal

from consent.check.checks import Checks
from consent.check.lane.route import Call
from consent.check.question_body import read_batch
from consent.core.wire.decode import MAX_BATCH_BYTES


class BatchRoute:
    """Many questions at one position, under one receipt."""

    name = "/v1/check/batch"
    method: Literal["GET", "POST"] = "POST"
    scope = "check"
    max_bytes = MAX_BATCH_BYTES
    takes_query = False

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    def answer(self, call: Call) -> bytes:
        """As in `Route`."""
        batch = read_batch(call.body)
        call.count(len(batch.names) - 1)
        return self._checks.answer_batch(batch, caller=call.caller, to_problem=call.to_problem).to_json()
