"""Checks answered by the primary itself: one REPEATABLE READ transaction a question or batch."""

from consent.check.answered import Answered
from consent.check.answering import Answering
from consent.check.batch.answered import AnsweredBatch
from consent.check.batch.questions import complete_rows, questions_among
from consent.check.caller import OrganizationCaller
from consent.check.checks import ToProblem
from consent.check.place import Place
from consent.check.question import Question
from consent.core.wire.check import BatchResponse, CheckRequest, CheckResponse
from consent.core.wire.decode import Batch
from consent.core.wire.records import Receipt
from consent.registry.facts import Snapshot, snapshot
from consent.registry.ports import RegistryPorts


class PrimaryChecks:
    """Implements `Checks`. Safe to share between threads."""

    def __init__(self, ports: RegistryPorts, *, answering: Answering) -> None:
        self._ports = ports
        self._answering = answering

    def __repr__(self) -> str:
        return "PrimaryChecks()"

    def check(self, request: CheckRequest, *, caller: OrganizationCaller) -> CheckResponse:
        """As in `Checks`."""
        return self.answer(Question(request, caller=caller), caller=caller).response()

    def answer(self, question: Question, *, caller: OrganizationCaller) -> Answered:
        """As in `Checks`."""
        with snapshot(caller.livemode, self._ports) as snap:
            if question.at_least is not None:
                snap.require(question.at_least)
            place = _place(snap)
            facts = snap.facts([question.asked], capabilities=caller.capabilities)[0]
        return self._answering.single(question, facts, place, caller=caller)

    def batch(self, batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem) -> BatchResponse:
        """As in `Checks`."""
        return self.answer_batch(batch, caller=caller, to_problem=to_problem).response()

    def answer_batch(
        self, batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem
    ) -> AnsweredBatch:
        """As in `Checks`."""
        asked = complete_rows(batch, caller=caller)
        with snapshot(caller.livemode, self._ports) as snap:
            if batch.at_least is not None:
                snap.require(batch.at_least)
            place = _place(snap)
            facts = snap.facts(
                [each.asked for each in questions_among(asked)], capabilities=caller.capabilities
            )
        return self._answering.batches.answer(
            batch, asked, facts, place, caller=caller, to_problem=to_problem
        )

    def receipt(self, decision: str, *, caller: OrganizationCaller) -> Receipt:
        """As in `Checks`."""
        return self._answering.receipt(decision, caller=caller)


def _place(snap: Snapshot) -> Place:
    return Place(livemode=snap.livemode, position=snap.position, seq=snap.seq, at=snap.at)
