"""Checks answered by the primary itself: one REPEATABLE READ transaction a question or batch."""

from consent.check.answering import Answering, Place
from consent.check.caller import OrganizationCaller
from consent.check.checks import ToProblem
from consent.check.questions import complete_rows
from consent.core.complete import complete
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
        asked = complete(request, caller.context, caller=caller.organization)
        with snapshot(caller.livemode, self._ports) as snap:
            if isinstance(request.at_least, str):
                snap.require(request.at_least)
            place = _place(snap)
            facts = snap.facts([asked], capabilities=caller.capabilities)[0]
        return self._answering.single(request, asked, facts, place, caller=caller)

    def batch(self, batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem) -> BatchResponse:
        """As in `Checks`."""
        questions, refused = complete_rows(batch, caller=caller, to_problem=to_problem)
        with snapshot(caller.livemode, self._ports) as snap:
            if batch.at_least is not None:
                snap.require(batch.at_least)
            place = _place(snap)
            facts = snap.facts(list(questions.values()), capabilities=caller.capabilities)
        known = dict(zip(questions, zip(questions.values(), facts, strict=True), strict=True))
        return self._answering.batch(batch, known, refused, place, caller=caller, to_problem=to_problem)

    def receipt(self, decision: str, *, caller: OrganizationCaller) -> Receipt:
        """As in `Checks`."""
        return self._answering.receipt(decision, caller=caller)


def _place(snap: Snapshot) -> Place:
    return Place(livemode=snap.livemode, position=snap.position, seq=snap.seq, at=snap.at)
