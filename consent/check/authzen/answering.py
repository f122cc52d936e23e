"""Asks the registry's own checks what an AuthZEN request asks, and words their answers for it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from consent.check.authzen.reading import Evaluations as Asked
from consent.check.caller import OrganizationCaller
from consent.check.checks import Checks, ToProblem
from consent.check.question_body import read_batch, read_check
from consent.core.authzen import Translated, translate
from consent.core.wire.authzen import (
    DecisionContext,
    Evaluation,
    EvaluationError,
    EvaluationRequest,
    Evaluations,
    Obligation,
)
from consent.core.wire.check import BatchResult, CheckResponse, Problem
from consent.core.wire.decode import MAX_BATCH_BYTES
from consent.core.wire.encode import encode
from consent.core.wire.errors import WireError


def evaluate(request: EvaluationRequest, *, checks: Checks, caller: OrganizationCaller) -> Evaluation:
    """One decision.

    Raises:
        WireError: the request is no question, with pointers into the request as it was sent.
        Exception: as `Checks.check`.
    """
    question = translate(request, caller=caller.organization)
    try:
        answer = checks.check(read_check(encode(question.members)), caller=caller)
    except WireError as fault:
        raise _as_sent(fault, question) from fault
    return Evaluation(decision=answer.decision == "allow", context=_context(answer))


def evaluate_all(
    asked: Asked, *, checks: Checks, caller: OrganizationCaller, to_problem: ToProblem
) -> Evaluations:
    """Every decision, at one position and under one receipt; what is no question is false, with its error.

    Raises:
        WireError: a fault of what holds for all of them.
        Exception: as `Checks.batch`.
    """
    questions: dict[str, Translated] = {}
    answers: dict[str, Evaluation] = {}
    for place, request in enumerate(asked.items):
        row = str(place)
        try:
            if isinstance(request, WireError):
                raise request
            questions[row] = translate(request, caller=caller.organization)
        except WireError as fault:
            answers[row] = _refused(to_problem(fault))
    context = DecisionContext()
    if questions:
        rows = _rows(questions)
        try:
            batch = read_batch(encode({"checks": rows, **asked.of_all}))
        except WireError as fault:
            raise WireError(
                f"/context{fault.pointer}", fault.rule, fault.expected, fault.got, fault.code
            ) from fault
        told = checks.batch(batch, caller=caller, to_problem=to_problem)
        for result in told.results:
            answers[result.id] = _row(result, questions[result.id])
        context = DecisionContext(
            livemode=told.livemode, position=told.position, as_of=told.as_of, receipt=told.receipt
        )
    return Evaluations(
        evaluations=[answers[str(place)] for place in range(len(asked.items))], context=context
    )


def answer_evaluations(
    asked: EvaluationRequest | Asked, *, checks: Checks, caller: OrganizationCaller, to_problem: ToProblem
) -> Evaluations:
    """The answer to `/access/v1/evaluations`, which also takes a single question."""
    if isinstance(asked, Asked):
        return evaluate_all(asked, checks=checks, caller=caller, to_problem=to_problem)
    one = evaluate(asked, checks=checks, caller=caller)
    return Evaluations(decision=one.decision, context=one.context)


def _rows(questions: Mapping[str, Translated]) -> list[msgspec.Raw]:
    """Rows of a batch. What they share is written out for each, so their sum is bounded here."""
    rows, size = [], 0
    for row, question in questions.items():
        written = encode({**question.members, "id": row})
        size += len(written)
        if size > MAX_BATCH_BYTES:
            limit = f"at most {MAX_BATCH_BYTES} bytes with all defaults written out"
            raise WireError("/evaluations", "body_size", limit, "more", "batch_size_invalid")
        rows.append(msgspec.Raw(written))
    return rows


def _context(answer: CheckResponse) -> DecisionContext:
    return DecisionContext(
        **_shared(answer),
        livemode=answer.livemode,
        position=answer.position,
        as_of=answer.as_of,
        record_sha256=answer.record_sha256,
        receipt=answer.receipt,
        explanation=answer.explanation,
    )


def _row(result: BatchResult, question: Translated) -> Evaluation:
    if isinstance(result.problem, Problem):
        problem = result.problem
        for error in problem.errors:
            error.pointer = question.pointer(error.pointer)
        return _refused(problem)
    return Evaluation(decision=result.decision == "allow", context=DecisionContext(**_shared(result)))


def _shared(answer: CheckResponse | BatchResult) -> dict[str, Any]:
    """What a single answer and a row have in common."""
    members = {
        name: getattr(answer, name)
        for name in ("reasons", "missing", "next_step", "decision_id", "asked", "grants", "valid_until")
    }
    told = answer.obligations
    members["obligations"] = UNSET if told is UNSET else [Obligation(id=each) for each in told]
    return members


def _refused(problem: Problem) -> Evaluation:
    error = EvaluationError(
        status=problem.status, message=problem.title, code=problem.code, errors=problem.errors
    )
    return Evaluation(decision=False, context=DecisionContext(error=error))


def _as_sent(fault: WireError, question: Translated) -> WireError:
    return WireError(question.pointer(fault.pointer), fault.rule, fault.expected, fault.got, fault.code)
