"""The registry's answer to one question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from consent.client.answers import known, parse_answer_instant
from consent.client.errors import BadRequest
from consent.client.problems import problem_error
from consent.client.signed_receipt import SignedReceipt
from consent.core.wire.check import BatchResponse, BatchResult, CheckResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An `allow` or a `deny`, checked to be an answer to what was asked. True only when allowed.

    `asked` is the completed question: all that an allow authorises. It holds until `valid_until`; after
    that ask again. `reasons` are stable codes, `missing` names what the question left out, `next_step` says
    in words what would help. `obligations` are what an allowed user must do.
    """

    allowed: bool
    decision_id: str
    livemode: bool
    asked: Mapping[str, object]
    grants: tuple[str, ...]
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    next_step: str | None
    obligations: tuple[str, ...]
    position: str
    as_of: datetime
    valid_until: datetime
    explanation: Mapping[str, object] | None = None
    fetch_receipt: Callable[[], SignedReceipt] = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def outcome(self) -> str:
        """`allow` or `deny`."""
        return "allow" if self.allowed else "deny"

    def holds(self, at: datetime) -> bool:
        """Whether the answer may still be acted upon at this instant."""
        return at < self.valid_until

    def receipt(self) -> SignedReceipt:
        """The signed receipt: the one that came with the answer, or fetched now.

        Raises:
            Unavailable: it cannot be had now, or is not of this decision.
        """
        return self.fetch_receipt()

    def to_json(self) -> dict[str, object]:
        """The decision as `--json` prints it."""
        return {
            "decision": self.outcome,
            "decision_id": self.decision_id,
            "livemode": self.livemode,
            "asked": dict(self.asked),
            "grants": list(self.grants),
            "reasons": list(self.reasons),
            "missing": list(self.missing),
            "next_step": self.next_step,
            "obligations": list(self.obligations),
            "position": self.position,
            "as_of": self.as_of.isoformat().replace("+00:00", "Z"),
            "valid_until": self.valid_until.isoformat().replace("+00:00", "Z"),
            **({"explanation": dict(self.explanation)} if self.explanation is not None else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """One question of a batch that the registry refused to decide. False, like everything but an allow."""

    problem: BadRequest

    def __bool__(self) -> bool:
        return False


def decision_of_check(answer: CheckResponse, *, fetch_receipt: Callable[[], SignedReceipt]) -> Decision:
    """The decision of a checked answer."""
    return Decision(
        allowed=answer.decision == "allow",
        decision_id=answer.decision_id,
        livemode=answer.livemode,
        asked=answer.asked,
        grants=tuple(answer.grants),
        reasons=tuple(answer.reasons),
        missing=tuple(answer.missing),
        next_step=answer.next_step,
        obligations=tuple(answer.obligations),
        position=answer.position,
        as_of=parse_answer_instant(answer.as_of, "as_of"),
        valid_until=parse_answer_instant(answer.valid_until, "valid_until"),
        explanation=known(answer.explanation, None),
        fetch_receipt=fetch_receipt,
    )


def decisions_of_batch(
    answer: BatchResponse, *, fetch_receipt: Callable[[], SignedReceipt]
) -> list[Decision | Undecided]:
    """The decisions of a checked batch, in its order; they share position, instant and receipt."""
    return [_of_item(answer, result, fetch_receipt) for result in answer.results]


def _of_item(
    answer: BatchResponse, result: BatchResult, fetch_receipt: Callable[[], SignedReceipt]
) -> Decision | Undecided:
    problem = known(result.problem, None)
    if problem is not None:
        return Undecided(problem=problem_error(msgspec.to_builtins(problem), status=problem.status))
    return Decision(
        allowed=result.decision == "allow",
        decision_id=known(result.decision_id, ""),
        livemode=answer.livemode,
        asked=known(result.asked, {}),
        grants=tuple(known(result.grants, [])),
        reasons=tuple(known(result.reasons, [])),
        missing=tuple(known(result.missing, [])),
        next_step=known(result.next_step, None),
        obligations=tuple(known(result.obligations, [])),
        position=answer.position,
        as_of=parse_answer_instant(answer.as_of, "as_of"),
        valid_until=parse_answer_instant(known(result.valid_until, ""), "valid_until"),
        fetch_receipt=fetch_receipt,
    )
