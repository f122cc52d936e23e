"""The answer to a batch: as the wire type that the API documents, and as the bytes that the lane sends."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from consent.check.moments import instant_s
from consent.check.question import Question
from consent.core.decision import Decision
from consent.core.wire.check import BatchResponse, BatchResult, Problem
from signing.weaving import between_quotes, weave


class Settled(msgspec.Struct, frozen=True, gc=False):
    """A decision that stands, for every row that asks this question. `licensee` is whose consents were asked about."""

    question: Question
    decision: Decision
    licensee: str


# Members stand in the order of their names: these bytes are those that `encode` makes of a `BatchResult`.
class _Row(msgspec.Struct, gc=False):
    asked: Raw
    decision: str
    decision_id: str
    grants: Sequence[str]
    id: str
    missing: Sequence[str]
    next_step: str | None
    obligations: Sequence[str]
    reasons: Sequence[str]
    valid_until: str


class _Refused(msgspec.Struct, gc=False):
    id: str
    problem: Problem


_ENCODE = msgspec.json.Encoder(order="sorted").encode
# Places to cut a row at, where it has its own; quotation marks inside a string are escaped.
_ID, _NAME = '"decision_id":"\\u0001"', '"id":"\\u0002"'


class AnsweredBatch(msgspec.Struct, frozen=True, gc=False):
    """Decisions that are kept. Row `i` is named `names[i]` and was answered `shared[places[i]]`; `decision_ids` has
    an empty one for a row that was refused. `as_of` is text with milliseconds, `second` whole seconds since 1970."""

    names: Sequence[str]
    places: Sequence[int]
    decision_ids: Sequence[str]
    shared: Sequence[Settled | Problem]
    livemode: bool
    position: str
    as_of: str
    second: int
    receipt: str | None

    def to_json(self) -> bytes:
        """The body of the answer."""
        pieces = [self._pieces(each) for each in self.shared]
        receipt = ("null",) if self.receipt is None else ('"', self.receipt, '"')
        # Tokens, instants and receipts are made of characters that JSON does not escape.
        head = (
            f'{{"as_of":"{self.as_of}","livemode":{"true" if self.livemode else "false"}'
            f',"position":"{self.position}","receipt":',
            *receipt,
            ',"results":[',
        )
        names = between_quotes(self.names)
        return weave(pieces, self.places, self.decision_ids, names, before=head, after="]}").encode()

    def response(self) -> BatchResponse:
        """The same as a value."""
        rows = zip(self.names, self.places, self.decision_ids, strict=True)
        return BatchResponse(
            position=self.position,
            livemode=self.livemode,
            as_of=self.as_of,
            results=[
                self._result(name, self.shared[place], decision_id) for name, place, decision_id in rows
            ],
            receipt=self.receipt,
        )

    def _pieces(self, shared: Settled | Problem) -> tuple[str, str, str]:
        """A row behind a comma, cut where it has its decision's id, and its name."""
        if not isinstance(shared, Settled):
            before, _, after = _ENCODE(_Refused("\x02", shared)).decode().partition(_NAME)
            return f",{before}", '"id":"', f'"{after}'
        decision = shared.decision
        text = _ENCODE(
            _Row(
                Raw(shared.question.asked_json),
                decision.outcome,
                "\x01",
                decision.grants,
                "\x02",
                decision.missing,
                decision.next_step,
                decision.obligations,
                decision.reasons,
                instant_s(self.second + decision.valid_for_s),
            )
        ).decode()
        before, _, rest = text.partition(_ID)
        middle, _, after = rest.partition(_NAME)
        return f',{before}"decision_id":"', f'"{middle}"id":"', f'"{after}'

    def _result(self, name: str, shared: Settled | Problem, decision_id: str) -> BatchResult:
        if not isinstance(shared, Settled):
            return BatchResult(id=name, problem=shared)
        decision = shared.decision
        return BatchResult(
            id=name,
            decision=decision.outcome.value,
            decision_id=decision_id,
            asked=shared.question.asked.to_json(),
            grants=list(decision.grants),
            reasons=[reason.value for reason in decision.reasons],
            missing=list(decision.missing),
            next_step=decision.next_step,
            obligations=list(decision.obligations),
            valid_until=instant_s(self.second + decision.valid_for_s),
        )
