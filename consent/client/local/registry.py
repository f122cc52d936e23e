"""A registry on this machine: the same questions, answered from a verified copy that follows the real one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, Unpack

from consent.client.asking import build_asking
from consent.client.batches import batches, distinct
from consent.client.decision import Decision, Undecided
from consent.client.errors import BadRequest, Denied, Unavailable
from consent.client.local.compiled import NEVER, Known
from consent.client.local.deciding import decide_locally, explained, needs_online
from consent.client.local.decision import LocalDecision
from consent.client.local.forms import Forms, PerformerForms, completed
from consent.client.local.freshness import Freshness
from consent.client.local.keeper import Keeper
from consent.client.local.memory import Memory
from consent.client.local.status import LocalStatus
from consent.client.question import Question
from consent.core.asked import Asked
from consent.core.reasons import Reason

if TYPE_CHECKING:
    from consent.client.registry import Registry

FIRST_ANSWER_S = 30.0  # a copy of a million consents takes longer: `ready()` waits as long as one likes
MOMENT_S = 0.001  # the registry's time is worked out so often, and not for each question


class LocalRegistry:
    """Answers in microseconds. Safe to share between threads, and to fork; `close()` it, or use it as a context.

    Made by `Registry.local(...)`. The first question waits until the first complete copy is here. An answer leaves
    no record at the registry, and has no receipt until one is asked for.
    """

    def __init__(
        self,
        keeper: Keeper,
        *,
        online: "Callable[[], Registry]",
        clock: Callable[[], float],
        online_fallback: bool,
        first_answer_s: float = FIRST_ANSWER_S,
    ) -> None:
        self._keeper = keeper
        self._memory = keeper.memory
        self._online = online
        self._clock = clock
        self._fallback = online_fallback
        self._first_answer_s = first_answer_s
        self._forms = Forms()
        self._livemode = online().livemode
        self._moment: tuple[Freshness | None, float, datetime] = (None, 0.0, NEVER)

    @property
    def address(self) -> str:
        """The registry's base URL."""
        return self._online().address

    @property
    def livemode(self) -> bool:
        """Whether the key is of the live side."""
        return self._livemode

    @property
    def verifies_receipts(self) -> bool:
        """True: everything that is answered from was verified, and so are receipts that are asked for."""
        return True

    def __repr__(self) -> str:
        return f"LocalRegistry({self.address!r}, {'live' if self.livemode else 'test'})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop following, and write the file where there is one. Questions afterwards raise."""
        self._keeper.close()

    def ready(self, timeout_s: float = FIRST_ANSWER_S) -> None:
        """Wait until the first complete copy is here.

        Raises:
            Unauthorized: the key is refused.
            Unavailable: it did not come in time.
        """
        if not self._memory.followed:
            self._keeper.start()
        self._keeper.wait(timeout_s)

    def status(self) -> LocalStatus:
        """How it stands now; asks nobody."""
        memory = self._memory
        with memory.lock:
            fresh, picture, refusal = memory.fresh, memory.picture, memory.dead or memory.refusal
        now, packages = self._clock(), self._keeper.packages
        return LocalStatus(
            answers_outputs=fresh is not None and fresh.received_at <= now < fresh.until_output,
            answers_others=fresh is not None and fresh.received_at <= now < fresh.until_other,
            age_s=None if fresh is None else fresh.age_s(now),
            pairs=0 if picture is None else len(picture),
            reading=self._keeper.reading,
            position=None if fresh is None else fresh.position,
            as_of=None if fresh is None else fresh.as_of,
            why_not=None if refusal is None else str(refusal),
            file_problem=self._keeper.file_problem,
            unproven=0 if packages is None else packages.unproven,
            why_unproven=None if packages is None else packages.problem,
        )

    def check(self, *, explain: bool = False, **question: Unpack[Question]) -> LocalDecision | Decision:
        """Ask one question. A deny is returned, not raised.

        A grant that counts its outputs, and a question by persona or model, deny `needs_online`; with
        `online_fallback` the registry is asked instead, and its own `Decision` returned.

        Raises:
            Unavailable: the facts here are too old, or there are none yet. Treat it as a no.
            BadRequest, ConfigurationError: the question is malformed.
            Unauthorized: the key is refused.
        """
        memory = self._memory
        if not memory.followed:
            self._keeper.start()
        with memory.lock:
            fresh, picture = memory.fresh, memory.picture
            if fresh is not None and picture is not None:
                asked = self._forms.of(question, picture.caller)
                known = picture.facts(asked)
        if fresh is None or picture is None:
            self._keeper.wait(self._first_answer_s)
            return self.check(explain=explain, **question)
        decision = self.decide(asked, known, fresh)
        if explain and isinstance(decision, LocalDecision):
            return explained(decision, known)
        return decision

    def require(self, **question: Unpack[Question]) -> LocalDecision | Decision:
        """As `check`, but a deny raises `Denied`."""
        decision = self.check(**question)
        if not decision:
            raise Denied(decision)
        return decision

    def question(self, **question: Unpack[Question]) -> "LocalQuestion":
        """A question without its performer, to be asked of many: `ask = local.question(use=…); ask(performer)`.

        Raises:
            BadRequest, ConfigurationError: it is malformed.
        """
        build_asking({**question, "performer": "prf_test_anybody"})
        return LocalQuestion(self, self._memory, PerformerForms(question))

    def check_many(
        self,
        questions: Iterable[Mapping[str, object]],
        *,
        on_error: Literal["stop", "skip"] = "stop",
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> list[LocalDecision | Decision | Undecided]:
        """Ask many, each distinct question once; answers in the order given. Up to 10,000 are of one position.

        Equal questions whose outputs count are asked as one with the sum of their quantities, as the registry's
        `check_many` does.

        Raises:
            Unavailable, BadRequest, ConfigurationError, Unauthorized: as `check`; no answer of the others is returned.
        """
        merged = distinct(build_asking(question) for question in questions)
        answers: list[LocalDecision | Decision | Undecided] = []
        for run in batches(merged.askings):
            answers += self._ask_run(run, on_error=on_error)
            progress(len(answers), len(merged.askings))
        return [answers[place] for place in merged.places]

    def lapsed(
        self,
        questions: Sequence[Mapping[str, object]],
        answers: Sequence[LocalDecision | Decision | Undecided],
        *,
        at: datetime,
    ) -> int:
        """How many of these answers to `questions` do not hold any longer; what was decided here is decided again.

        `at` is an instant by the machine's clock, for answers of the registry itself.

        Raises:
            Unavailable: it cannot be told.
        """
        again = self.check_many(questions, on_error="skip")
        return sum(
            not answer.holds(at) if isinstance(answer, Decision) else bool(answer) and not now
            for answer, now in zip(answers, again, strict=True)
        )

    def _ask_run(
        self, askings: Sequence[Mapping[str, object]], *, on_error: Literal["stop", "skip"]
    ) -> list[LocalDecision | Decision | Undecided]:
        """The answers of one run, on the facts of one position."""
        if not self._memory.followed:
            self._keeper.start()
        self._keeper.wait(self._first_answer_s)
        memory = self._memory
        taken: list[tuple[Asked, Known] | BadRequest] = []
        with memory.lock:
            fresh, picture = memory.fresh, memory.picture
            if fresh is None or picture is None:
                raise Unavailable(f"the facts on this machine were given up: {memory.refusal}")
            for asking in askings:
                try:
                    asked = completed(asking, picture.caller)
                except BadRequest as exc:
                    if on_error == "stop":
                        raise
                    taken.append(exc)
                    continue
                taken.append((asked, picture.facts(asked)))
        return [
            Undecided(problem=each) if isinstance(each, BadRequest) else self.decide(*each, fresh)
            for each in taken
        ]

    def decide(self, asked: Asked, known: Known, fresh: Freshness) -> LocalDecision | Decision:
        """Decide on facts that were just taken, if they are fresh now."""
        # The clock is read after the facts were taken: they were fresh then, or are not used.
        now = self._clock()
        if not fresh.received_at <= now < (fresh.until_output if asked.is_output else fresh.until_other):
            raise self._stale(fresh, now)
        moment = self._moment
        if moment[0] is not fresh or now > moment[1]:
            # Rounded up to a moment: what ends is judged as ended that much earlier, and never later.
            moment = self._moment = (fresh, now + MOMENT_S, fresh.latest(now + MOMENT_S))
        if asked.persona is not None or asked.model is not None:
            judged = needs_online()
        else:
            judged = decide_locally(asked, known, fresh, now, moment[2])
        if self._fallback and Reason.NEEDS_ONLINE in judged.reasons:
            return self.ask_online(asked, receipt="deferred")
        return LocalDecision(judged, asked, fresh, moment[2], self)

    def _stale(self, fresh: Freshness, now: float) -> Exception:
        memory = self._memory
        if memory.dead is not None:
            return memory.dead
        why = f"; {memory.refusal}" if memory.refusal is not None else ""
        return Unavailable(
            f"the facts on this machine are {fresh.age_s(now):.1f} s old, too old to answer from, or the key has "
            f"run out: is the registry at {self.address} reachable?{why}",
            code="stale",
        )

    def ask_online(self, asked: Asked, receipt: Literal["deferred", "inline"] = "inline") -> Decision:
        """The same question to the registry itself, with its receipt.

        Raises:
            Unavailable, BadRequest: as `Registry.check`.
        """
        question = {name: value for name, value in asked.to_json().items() if name != "caller"}
        return self._online().check(receipt=receipt, **question)


class LocalQuestion:
    """A question that is asked of one performer after the other."""

    __slots__ = ("_forms", "_local", "_memory")

    def __init__(self, local: LocalRegistry, memory: Memory, forms: PerformerForms) -> None:
        self._local = local
        self._memory = memory
        self._forms = forms

    def __call__(self, performer: str) -> LocalDecision | Decision:
        """The answer about this performer, `prf_…` or an external id; raises as `LocalRegistry.check`."""
        memory, forms = self._memory, self._forms
        with memory.lock:
            fresh, picture = memory.fresh, memory.picture
            if fresh is not None and picture is not None:
                kept = forms.kept.get(performer) if forms.caller is picture.caller else None
                asked = kept or forms.of(performer, picture.caller)
                known = (forms.own and picture.known.get(performer)) or picture.facts(asked)
        if fresh is None or picture is None or not memory.followed:
            self._local.ready()
            return self(performer)
        return self._local.decide(asked, known, fresh)


__all__ = ["FIRST_ANSWER_S", "LocalQuestion", "LocalRegistry"]
