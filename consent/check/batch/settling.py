"""The decisions of one batch: made once for rows that ask the same, and row by row where an allow counts something."""

import hashlib
from collections.abc import Sequence

from consent.check.batch.answered import Settled
from consent.check.caller import OrganizationCaller
from consent.check.checks import ToProblem
from consent.check.limits.counting import Counting
from consent.check.place import Place
from consent.check.question import Question
from consent.check.settling import settle, settle_alike
from consent.core.facts import Facts
from consent.core.wire.check import Problem
from consent.core.wire.decode import Batch
from consent.core.wire.errors import WireError
from consent.registry.errors import NonceSpent


class BatchSettling:
    """Settles one batch. Row `i` was answered the `places[i]`-th of `settled` and `problems` taken together."""

    def __init__(
        self,
        batch: Batch,
        place: Place,
        *,
        caller: OrganizationCaller,
        to_problem: ToProblem,
        counting: Counting,
    ) -> None:
        self.settled: list[Settled] = []
        self.problems: list[Problem] = []
        self.places: Sequence[int] = ()
        self._batch = batch
        self._place = place
        self._caller = caller
        self._to_problem = to_problem
        self._counting = counting

    def settle(self, asked: Sequence[Question | WireError], facts: Sequence[Facts]) -> None:
        """Settle every row. `asked` is what the batch's requests ask, `facts` are of the questions among them."""
        known = iter(facts)
        # Where the answer to each request is: a decision from 0 up, a problem from -1 down, or what is to be settled
        # for each of its rows.
        answers: list[int | tuple[Question, Facts]] = []
        each_for_itself = False
        for one in asked:
            if isinstance(one, WireError):
                answers.append(self._refuse(one))
                continue
            its = next(known)
            decision = settle_alike(one.asked, its, self._place.at)
            if decision is None:
                answers.append((one, its))
                each_for_itself = True
            else:
                self.settled.append(Settled(one, decision, its.licensee))
                answers.append(len(self.settled) - 1)
        if not (each_for_itself or self.problems):
            self.places = self._batch.places  # one decision for each request, in their order
            return
        rows = [
            answer if isinstance(answer := answers[at], int) else self._settle_row(name, *answer)
            for name, at in zip(self._batch.names, self._batch.places, strict=True)
        ]
        self.places = [at if at >= 0 else len(self.settled) - 1 - at for at in rows]

    def _settle_row(self, name: str, question: Question, facts: Facts) -> int:
        """One row for itself; its own nonce, or the batch's with its name, makes what it counts count once."""
        nonce = question.nonce
        if nonce is None and self._batch.nonce is not None:
            nonce = _row_nonce(self._batch.nonce, name)
        try:
            decision = settle(
                question.asked,
                facts,
                self._place.at,
                caller=self._caller,
                nonce=nonce,
                counting=self._counting,
            )
        except NonceSpent as exc:
            return self._refuse(exc)
        self.settled.append(Settled(question, decision, facts.licensee))
        return len(self.settled) - 1

    def _refuse(self, fault: Exception) -> int:
        self.problems.append(self._to_problem(fault))
        return -len(self.problems)


def _row_nonce(nonce: str, name: str) -> str:
    """What makes a row count once: no other batch's row has it, and no question, since no nonce begins with a space."""
    return " " + hashlib.sha256(f"{nonce}\0{name}".encode()).hexdigest()
