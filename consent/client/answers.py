"""Reading answers of `/v1/check` and `/v1/check/batch`: whatever is not surely an answer to the question raises.

Unknown members are ignored (v1 only grows); known ones must have their types. The answer's `asked` must equal
what this very question completes to, with the key's standing context filling only what was not sent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from consent.client.asking import Asking
from consent.client.errors import BadRequest, Fault, UnreliableAnswer
from consent.core.complete import StandingContext, complete
from consent.core.wire.check import BatchResponse, CheckRequest, CheckResponse
from consent.core.wire.decode import request_from_json
from consent.core.wire.errors import WireError

T = TypeVar("T")

MAX_CLOCK_DIFFERENCE = timedelta(seconds=60)  # beyond it neither clock can say whether an answer still holds
MAX_VALIDITY = timedelta(hours=24)  # the longest a receipt of a training start ever holds (law page §B.7)
_STANDING = ("territory", "language", "purpose", "base_model")
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an answer is held against: the side of the key, and the clock when it was asked and came."""

    livemode: bool
    sent_at: datetime
    received_at: datetime


def typed_question(asking: Asking) -> CheckRequest:
    """The question in its wire type. Raises BadRequest where the registry would refuse it."""
    try:
        request = request_from_json(dict(asking))
        complete(request, StandingContext(), caller="")
    except WireError as exc:
        raise _refused(exc) from exc
    return request


def read_check(json: Mapping[str, object], *, request: CheckRequest, expected: Expected) -> CheckResponse:
    """The answer to one question. Raises UnreliableAnswer for anything that is not surely one."""
    answer = _typed(json, CheckResponse)
    check_side_and_time(answer.livemode, answer.as_of, expected=expected)
    check_verdict(answer.decision, answer.reasons, answer.grants)
    check_validity(answer.valid_until, allowed=answer.decision == "allow", expected=expected)
    check_asked(answer.asked, request=request)
    return answer


def read_batch(
    json: Mapping[str, object], *, requests: Sequence[CheckRequest], expected: Expected
) -> BatchResponse:
    """The answers of a batch whose items were named `0`, `1`, … in order; as many, in that order.

    Raises:
        UnreliableAnswer: a row is missing, added, out of order, malformed, or answers another question.
    """
    answer = _typed(json, BatchResponse)
    check_side_and_time(answer.livemode, answer.as_of, expected=expected)
    if len(answer.results) != len(requests):
        raise UnreliableAnswer(f"expected {len(requests)} answers, got {len(answer.results)}")
    for place, (result, request) in enumerate(zip(answer.results, requests, strict=True)):
        if result.id != str(place):
            raise UnreliableAnswer(f"expected the answer to item {place}, got {result.id[:40]!r}")
        if (result.problem is UNSET) == (result.decision is UNSET):
            raise UnreliableAnswer(f"item {place}: expected a decision or a problem, got both or neither")
        if isinstance(result.decision, UnsetType):
            continue
        present = (result.decision_id, result.asked, result.reasons, result.valid_until)
        if any(member is UNSET for member in present):
            raise UnreliableAnswer(f"item {place}: a decision without its asked, reasons, id or validity")
        check_verdict(result.decision, known(result.reasons, []), known(result.grants, []))
        check_validity(known(result.valid_until, ""), allowed=result.decision == "allow", expected=expected)
        check_asked(known(result.asked, {}), request=request)
    return answer


def check_nonce(json: Mapping[str, object], nonce: str) -> None:
    """Where an answer names the nonce it answers to, it is ours. The signed receipt always names it."""
    if "nonce" in json and json["nonce"] != nonce:
        raise UnreliableAnswer("the answer is to another question: its nonce is not the one sent")


def check_side_and_time(livemode: bool, as_of: str, *, expected: Expected) -> None:
    """The answer is of the key's side, and both clocks agree well enough to judge its validity."""
    if livemode is not expected.livemode:
        sides = {True: "live", False: "test"}
        raise UnreliableAnswer(
            f"expected an answer of the {sides[expected.livemode]} side, got {sides[livemode]}"
        )
    registry_time = parse_answer_instant(as_of, "as_of")
    ahead = registry_time - expected.received_at
    behind = expected.sent_at - registry_time
    if max(ahead, behind) > MAX_CLOCK_DIFFERENCE:
        raise UnreliableAnswer(
            f"this machine's clock says {expected.received_at:%Y-%m-%dT%H:%M:%SZ}, the registry's answer "
            f"{as_of[:30]}: expected at most {MAX_CLOCK_DIFFERENCE.seconds} s between them; set the clock"
        )


def check_verdict(decision: str, reasons: Sequence[str], grants: Sequence[str]) -> None:
    """An allow names its grants (or a fictional persona) and gives no reason; a deny gives at least one."""
    if decision == "allow":
        fictional = list(reasons) == ["fictional_persona"]
        if (reasons and not fictional) or not (grants or fictional):
            raise UnreliableAnswer(
                f"an allow with reasons {list(reasons)[:5]} and {len(grants)} grants is no allow"
            )
    elif not reasons:
        raise UnreliableAnswer("a deny without a reason is not an answer of this API")


def check_validity(valid_until: str, *, allowed: bool, expected: Expected) -> None:
    """An allow still holds now, and no answer for longer than any may. A deny that ran out is still no allow."""
    until = parse_answer_instant(valid_until, "valid_until")
    if allowed and until <= expected.received_at:
        raise UnreliableAnswer(f"the answer held only until {valid_until}, which has passed; ask again")
    if until > expected.received_at + MAX_VALIDITY + MAX_CLOCK_DIFFERENCE:
        raise UnreliableAnswer(f"the answer claims to hold until {valid_until}, longer than any answer may")


def check_asked(asked: Mapping[str, object], *, request: CheckRequest) -> None:
    """`asked` is this question, completed as the registry completes it (DESIGN §5)."""
    standing = {
        name: value
        for name in _STANDING
        if getattr(request, name) is UNSET and (value := asked.get(name)) is not None
    }
    caller = asked.get("caller")
    if not isinstance(caller, str):
        raise UnreliableAnswer("expected the asking organization in `asked`, got none")
    try:
        context = StandingContext.from_json(standing)
    except WireError as exc:
        raise UnreliableAnswer(f"the answer completes the question with a malformed value: {exc}") from exc
    completed = complete(request, context, caller=caller).to_json()
    for name in sorted(completed.keys() | (asked.keys() & _ASKED_MEMBERS)):
        if completed.get(name) != asked.get(name) or type(completed.get(name)) is not type(asked.get(name)):
            raise UnreliableAnswer(
                f"the answer is to another question: {name} was asked as {completed.get(name)!r}, "
                f"answered as {str(asked.get(name))[:60]!r}"
            )


_ASKED_MEMBERS = frozenset(CheckRequest.__struct_fields__) - {"at_least", "receipt", "nonce", "explain"}


def known(value: T | UnsetType, default: T) -> T:
    """A member's value, or what its absence means."""
    return default if isinstance(value, UnsetType) else value


def parse_answer_instant(text: str, member: str) -> datetime:
    """`YYYY-MM-DDTHH:MM:SS[.ffffff]Z`. Raises UnreliableAnswer for any other form."""
    match = _INSTANT.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        whole = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as exc:
        raise UnreliableAnswer(
            f"{member}: expected an instant such as 2026-12-02T10:05:00Z, got {text[:40]!r}"
        ) from exc
    return whole + timedelta(microseconds=int((match[2] or "0").ljust(6, "0")))


def _typed(json: Mapping[str, object], kind: type[T]) -> T:
    try:
        return msgspec.convert(json, kind, strict=True)
    except msgspec.ValidationError as exc:
        raise UnreliableAnswer(f"the registry's answer is malformed: {exc}") from exc


def _refused(exc: WireError) -> BadRequest:
    fault = Fault(pointer=exc.pointer, rule=exc.rule, expected=exc.expected, got=exc.got)
    return BadRequest(status=400, code=exc.code, title="the question is malformed", faults=[fault])
