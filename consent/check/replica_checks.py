"""Checks answered from memory while that is fresh, and otherwise by the primary (DESIGN §8)."""

from collections.abc import Mapping, Sequence

from consent.check.answering import Answering, Place
from consent.check.caller import OrganizationCaller
from consent.check.cells import SubjectCell, SubjectName, names_of
from consent.check.checks import Checks, ToProblem
from consent.check.feeder import Feeder
from consent.check.positions import PositionTokens
from consent.check.questions import complete_rows
from consent.check.replica import Reading
from consent.core.asked import Asked
from consent.core.complete import complete
from consent.core.facts import Facts
from consent.core.wire.check import BatchResponse, CheckRequest, CheckResponse
from consent.core.wire.decode import Batch
from consent.core.wire.records import Receipt
from consent.registry.ports import RegistryPorts

FETCH_S = 0.2  # how long a question waits for its facts; then the primary is asked


class ReplicaChecks:
    """Implements `Checks`. Safe to share between threads; `primary` answers whatever memory may not."""

    def __init__(
        self, ports: RegistryPorts, *, feeder: Feeder, answering: Answering, primary: Checks
    ) -> None:
        self._boot_clock = ports.log.boot_clock
        self._guard = ports.log.guard
        self._tokens = PositionTokens(ports.log.tokens)
        self._feeder = feeder
        self._answering = answering
        self._primary = primary

    def __repr__(self) -> str:
        return "ReplicaChecks()"

    def check(self, request: CheckRequest, *, caller: OrganizationCaller) -> CheckResponse:
        """As in `Checks`."""
        asked = complete(request, caller.context, caller=caller.organization)
        at_least = request.at_least if isinstance(request.at_least, str) else None
        found = self._facts([asked], caller, at_least=at_least)
        if found is None:
            return self._primary.check(request, caller=caller)
        facts, place = found
        return self._answering.single(request, asked, facts[0], place, caller=caller)

    def batch(self, batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem) -> BatchResponse:
        """As in `Checks`; all rows' facts are of one position."""
        questions, refused = complete_rows(batch, caller=caller, to_problem=to_problem)
        found = self._facts(list(questions.values()), caller, at_least=batch.at_least)
        if found is None:
            return self._primary.batch(batch, caller=caller, to_problem=to_problem)
        facts, place = found
        known = dict(zip(questions, zip(questions.values(), facts, strict=True), strict=True))
        return self._answering.batch(batch, known, refused, place, caller=caller, to_problem=to_problem)

    def receipt(self, decision: str, *, caller: OrganizationCaller) -> Receipt:
        """As in `Checks`."""
        return self._primary.receipt(decision, caller=caller)

    def _facts(
        self, questions: Sequence[Asked], caller: OrganizationCaller, *, at_least: str | None
    ) -> tuple[list[Facts], Place] | None:
        """The facts of every question with their place, or None where the primary has to be asked."""
        side = caller.livemode
        self._feeder.start()
        wanted = [names_of(asked, livemode=side) for asked in questions]
        names = list(dict.fromkeys(name for each in wanted for name in each))
        reading = self._feeder.replica.read(names, livemode=side)
        if reading.missing or self._is_behind(reading):
            if not self._feeder.fetch(reading.missing, livemode=side, timeout_s=FETCH_S):
                return None
            reading = self._feeder.replica.read(names, livemode=side)
        fresh = reading.freshness
        # The clock is read after the facts were taken: they were fresh then, or are not used.
        now = self._boot_clock()
        if fresh is None or reading.missing or now >= fresh.until:
            return None
        if at_least is not None and not self._tokens.reached(at_least, fresh.position):
            return None
        place = Place(
            livemode=side,
            position=self._tokens.token(fresh.position),
            seq=fresh.position.seq,
            at=fresh.at(now),
        )
        cells = dict(zip(names, reading.cells, strict=True))
        return [
            _facts_of(asked, needed, cells, caller) for asked, needed in zip(questions, wanted, strict=True)
        ], place

    def _is_behind(self, reading: Reading) -> bool:
        """Whether this very process has seen a later position: whoever wrote here reads their own writes here."""
        fresh = reading.freshness
        known = None if fresh is None else self._guard.known(fresh.position.livemode)
        return fresh is None or (known is not None and known.position.seq > fresh.position.seq)


def _facts_of(
    asked: Asked,
    names: Sequence[SubjectName],
    cells: Mapping[SubjectName, object],
    caller: OrganizationCaller,
) -> Facts:
    found = []
    for name in names:
        cell = cells[name]
        assert isinstance(cell, SubjectCell)
        if cell.facts is not None:
            found.append(cell.facts)
    selected = asked.persona is None and asked.model is None and (asked.grant is None or bool(found))
    return Facts(
        livemode=caller.livemode,
        caller=asked.caller,
        licensee=asked.on_behalf_of or asked.caller,
        capabilities=caller.capabilities,
        subjects=tuple(found),
        persona=None,
        model=None,
        selector_found=selected,
    )
