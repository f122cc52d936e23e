"""The answer to one question: as the wire type that the API documents, and as the bytes that the lane sends."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from consent.check.moments import instant_s
from consent.check.question import Question
from consent.core.decision import Decision
from consent.core.wire.check import CheckResponse


# Members stand in the order of their names: these bytes are those that `encode` makes of a `CheckResponse`.
class _Body(msgspec.Struct, gc=False):
    as_of: str
    asked: Raw
    decision: str
    decision_id: str
    explanation: dict[str, Any] | UnsetType
    grants: Sequence[str]
    livemode: bool
    missing: Sequence[str]
    next_step: str | None
    obligations: Sequence[str]
    position: str
    reasons: Sequence[str]
    receipt: str | None
    record_sha256: str
    valid_until: str


_ENCODE = msgspec.json.Encoder(order="deterministic").encode


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A decision that is kept. `as_of` is text with milliseconds, `valid_until_s` whole seconds since 1970."""

    question: Question
    decision: Decision
    decision_id: str
    record_sha256: str
    livemode: bool
    position: str
    as_of: str
    valid_until_s: int
    receipt: str | None
    explanation: dict[str, Any] | UnsetType = UNSET

    def to_json(self) -> bytes:
        """The body of the answer."""
        decision = self.decision
        return _ENCODE(
            _Body(
                self.as_of,
                Raw(self.question.asked_json),
                decision.outcome,
                self.decision_id,
                self.explanation,
                decision.grants,
                self.livemode,
                decision.missing,
                decision.next_step,
                decision.obligations,
                self.position,
                decision.reasons,
                self.receipt,
                self.record_sha256,
                instant_s(self.valid_until_s),
            )
        )

    def response(self) -> CheckResponse:
        """The same as a value."""
        decision = self.decision
        return CheckResponse(
            decision=decision.outcome.value,
            decision_id=self.decision_id,
            livemode=self.livemode,
            asked=self.question.asked.to_json(),
            grants=list(decision.grants),
            reasons=[reason.value for reason in decision.reasons],
            missing=list(decision.missing),
            next_step=decision.next_step,
            obligations=list(decision.obligations),
            position=self.position,
            as_of=self.as_of,
            valid_until=instant_s(self.valid_until_s),
            record_sha256=self.record_sha256,
            receipt=self.receipt,
            explanation=self.explanation,
        )
