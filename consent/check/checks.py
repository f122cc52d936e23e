"""What answers checks. Today the primary itself; a replica with its lane and ledger fits behind the same."""

from collections.abc import Callable
from typing import Protocol

from consent.check.answered import Answered
from consent.check.batch.answered import AnsweredBatch
from consent.check.caller import OrganizationCaller
from consent.check.question import Question
from consent.core.wire.check import BatchResponse, CheckRequest, CheckResponse, Problem
from consent.core.wire.decode import Batch
from consent.core.wire.records import Receipt

ToProblem = Callable[[Exception], Problem]


class Checks(Protocol):
    """Answers questions. Every method returns a decision or raises; nothing between the two."""

    def check(self, request: CheckRequest, *, caller: OrganizationCaller) -> CheckResponse:
        """One decision, kept before it is returned.

        Raises:
            WireError: the question is malformed.
            LogError, RegistryError: the history, the facts or the decision's record could not be had.
        """
        ...

    def answer(self, question: Question, *, caller: OrganizationCaller) -> Answered:
        """The same of a question that is typed and completed already; what `check` answers is its `response()`."""
        ...

    def batch(self, batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem) -> BatchResponse:
        """Every row's decision or problem, all of one position, under one receipt.

        `to_problem` words a row's fault. What fails for the whole raises, as in `check`.
        """
        ...

    def answer_batch(
        self, batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem
    ) -> AnsweredBatch:
        """The same, of which `batch` answers the `response()`."""
        ...

    def receipt(self, decision: str, *, caller: OrganizationCaller) -> Receipt:
        """The receipt of one of the caller's decisions; raises NotFound for any other."""
        ...
