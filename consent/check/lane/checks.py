"""`POST /v1/check` in the lane."""

from typing import Literal

from consent.check.checks import Checks
from consent.check.lane.route import Call
from consent.check.questions import Questions
from consent.core.wire.decode import MAX_CHECK_BYTES


class CheckRoute:
    """One question, one answer."""

    name = "/v1/check"
    method: Literal["GET", "POST"] = "POST"
    scope = "check"
    max_bytes = MAX_CHECK_BYTES
    takes_query = False

    def __init__(self, checks: Checks) -> None:
        self._checks = checks
        self._questions = Questions()

    def answer(self, call: Call) -> bytes:
        """As in `Route`."""
        question = self._questions.read(call.body, caller=call.caller)
        return self._checks.answer(question, caller=call.caller).to_json()
