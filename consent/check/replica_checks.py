"""Checks answered from memory while that is fresh, and otherwise by the primary (DESIGN §8)."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from django.db import close_old_connections

from consent.check.answered import Answered
from consent.check.answering import Answering
from consent.check.batch.answered import AnsweredBatch
from consent.check.batch.questions import complete_rows, questions_among
from consent.check.caller import OrganizationCaller
from consent.check.cells import SubjectName
from consent.check.checks import Checks, ToProblem
from consent.check.feeder import Feeder
from consent.check.place import Place
from consent.check.positions import PositionTokens
from consent.check.question import Question, facts_of
from consent.check.replica import Cell, CellName, Reading
from consent.check.turnstile import Turnstile
from consent.core.facts import Facts
from consent.core.wire.check import BatchResponse, CheckRequest, CheckResponse
from consent.core.wire.decode import Batch
from consent.core.wire.problem import ApiError
from consent.core.wire.records import Receipt
from consent.log.families import CELLS_READ, FALLBACKS, FETCHES
from consent.registry.ports import RegistryPorts

_HIT = ("hit",)
FETCH_S = 0.2  # how long a question waits for its facts; then the primary is asked


class ReplicaChecks:
    """Implements `Checks`. Safe to share between threads; `primary` answers whatever memory may not, and
    `turnstile` lets only so many ask it at once."""

    def __init__(
        self,
        ports: RegistryPorts,
        *,
        feeder: Feeder,
        answering: Answering,
        primary: Checks,
        turnstile: Turnstile | None = None,
    ) -> None:
        self._boot_clock = ports.log.boot_clock
        self._guard = ports.log.guard
        self._figures = ports.log.figures
        self._tokens = PositionTokens(ports.log.tokens)
        self._feeder = feeder
        self._answering = answering
        self._primary = primary
        self._turnstile = turnstile or Turnstile()

    def __repr__(self) -> str:
        return "ReplicaChecks()"

    def check(self, request: CheckRequest, *, caller: OrganizationCaller) -> CheckResponse:
        """As in `Checks`."""
        return self.answer(Question(request, caller=caller), caller=caller).response()

    def answer(self, question: Question, *, caller: OrganizationCaller) -> Answered:
        """As in `Checks`."""
        taken = self._taken(question.names, caller.livemode, at_least=question.at_least)
        if taken is None:
            with self._asking_the_primary():
                return self._primary.answer(question, caller=caller)
        cells, place = taken
        return self._answering.single(question, question.facts(cells, caller), place, caller=caller)

    def batch(self, batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem) -> BatchResponse:
        """As in `Checks`."""
        return self.answer_batch(batch, caller=caller, to_problem=to_problem).response()

    def answer_batch(
        self, batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem
    ) -> AnsweredBatch:
        """As in `Checks`; all rows' facts are of one position."""
        asked = complete_rows(batch, caller=caller)
        found = self._facts(questions_among(asked), caller, at_least=batch.at_least)
        if found is None:
            with self._asking_the_primary():
                return self._primary.answer_batch(batch, caller=caller, to_problem=to_problem)
        facts, place = found
        return self._answering.batches.answer(
            batch, asked, facts, place, caller=caller, to_problem=to_problem
        )

    def receipt(self, decision: str, *, caller: OrganizationCaller) -> Receipt:
        """As in `Checks`."""
        return self._primary.receipt(decision, caller=caller)

    @contextmanager
    def _asking_the_primary(self) -> Iterator[None]:
        with ExitStack() as place:
            try:
                place.enter_context(self._turnstile.place())
            except ApiError:
                self._figures.add(FALLBACKS, ("refused",))
                raise
            close_old_connections()  # as Django does at the beginning of a request; the lane's has none
            yield

    def _facts(
        self, questions: Sequence[Question], caller: OrganizationCaller, *, at_least: str | None
    ) -> tuple[list[Facts], Place] | None:
        """The facts of every question with their place, or None where the primary has to be asked."""
        names = list(dict.fromkeys(name for each in questions for name in each.names))
        taken = self._taken(names, caller.livemode, at_least=at_least)
        if taken is None:
            return None
        cells = dict(zip(names, taken[0], strict=True))
        return [
            facts_of(each.asked, [cells[name] for name in each.names], caller) for each in questions
        ], taken[1]

    def _taken(
        self, names: Sequence[SubjectName], side: bool, *, at_least: str | None
    ) -> tuple[Sequence[Cell], Place] | None:
        """Cells with their place, taken together, or None where the primary has to be asked."""
        self._feeder.start()
        reading = self._feeder.replica.read(names, livemode=side)
        self._figures.add(CELLS_READ, _HIT, len(reading.cells))
        if reading.missing or self._is_behind(reading):
            if not self._fetch(reading.missing, side):
                self._figures.add(FALLBACKS, ("missing",))
                return None
            reading = self._feeder.replica.read(names, livemode=side)
        fresh = reading.freshness
        # The clock is read after the facts were taken: they were fresh then, or are not used.
        now = self._boot_clock()
        if fresh is None or reading.missing or now >= fresh.until:
            self._figures.add(FALLBACKS, ("missing" if reading.missing else "stale",))
            return None
        position = fresh.position
        if at_least is not None and not self._tokens.reached(at_least, position):
            self._figures.add(FALLBACKS, ("behind",))
            return None
        return reading.cells, Place(
            livemode=side, position=self._tokens.token(position), seq=position.seq, at=fresh.at(now)
        )

    def _fetch(self, missing: Sequence[CellName], livemode: bool) -> bool:
        """Have the feeder read what is missing."""
        self._figures.add(CELLS_READ, ("miss",), len(missing))
        began = self._boot_clock()
        found = self._feeder.fetch(missing, livemode=livemode, timeout_s=FETCH_S)
        self._figures.observe(FETCHES, (), self._boot_clock() - began)
        return found

    def _is_behind(self, reading: Reading) -> bool:
        """Whether this very process has seen a later position: whoever wrote here reads their own writes here."""
        fresh = reading.freshness
        known = None if fresh is None else self._guard.known(fresh.position.livemode)
        return fresh is None or (known is not None and known.position.seq > fresh.position.seq)
