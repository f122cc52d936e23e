"""Bodies of AuthZEN requests: strict JSON of its types, each evaluation by itself."""

from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, UnsetType

from consent.core.wire.authzen import EXECUTE_ALL, Action, Entity, EvaluationRequest, EvaluationsRequest
from consent.core.wire.check import MAX_BATCH_ROWS
from consent.core.wire.decode import MAX_BATCH_BYTES, MAX_CHECK_BYTES, convert, parse_json
from consent.core.wire.errors import WireError

_KINDS: Final[dict[str, Any]] = {
    "subject": Entity, "action": Action, "resource": Entity, "context": dict[str, Any],
}  # fmt: skip
OF_ALL: Final = ("at_least", "receipt", "nonce")  # of the context beside `evaluations`: one for all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluations:
    """Many questions: each typed, or the fault that keeps it from being one. `of_all` holds for them together."""

    items: tuple[EvaluationRequest | WireError, ...]
    of_all: dict[str, Any]


def read_evaluation(data: bytes) -> EvaluationRequest:
    """The body of one evaluation; raises WireError."""
    return convert(parse_json(data, max_bytes=MAX_CHECK_BYTES), EvaluationRequest)


def read_evaluations(data: bytes) -> EvaluationRequest | Evaluations:
    """The body of many; of one, where it has no or empty `evaluations` (§7.1).

    Raises:
        WireError: a fault of the whole; faults of single questions stay with them.
    """
    document = parse_json(data, max_bytes=MAX_BATCH_BYTES)
    request = convert(document, EvaluationsRequest)
    if not isinstance(request.options, UnsetType):
        semantic = request.options.evaluations_semantic
        if semantic not in (UNSET, EXECUTE_ALL):
            raise WireError(
                "/options/evaluations_semantic", "semantic", EXECUTE_ALL, repr(semantic)[:60], "value_invalid"
            )
    rows = [] if isinstance(request.evaluations, UnsetType) else request.evaluations
    if not rows:
        return convert(document, EvaluationRequest)
    if len(rows) > MAX_BATCH_ROWS:
        raise WireError(
            "/evaluations", "row_count", f"1 to {MAX_BATCH_ROWS} evaluations", f"{len(rows)}",
            "batch_size_invalid",
        )  # fmt: skip
    defaults = {name: _typed(document[name], name) for name in _KINDS if name in document}
    of_all: dict[str, Any] = {}
    context = defaults.get("context")
    if isinstance(context, dict):
        of_all = {name: context[name] for name in OF_ALL if name in context}
        defaults["context"] = {name: value for name, value in context.items() if name not in of_all}
    return Evaluations(items=tuple(_evaluation(row, defaults) for row in rows), of_all=of_all)


def _evaluation(row: dict[str, Any], defaults: dict[str, Any]) -> EvaluationRequest | WireError:
    """One row with what it leaves out. Defaults are typed once, however many rows share them."""
    parts: dict[str, Any] = {}
    for name in _KINDS:
        part = _typed(row[name], name) if name in row else defaults.get(name, UNSET)
        if isinstance(part, WireError):
            return part
        if part is UNSET and name != "context":
            return WireError(f"/{name}", "member_required", "a value", "nothing", "member_missing")
        parts[name] = part
    return EvaluationRequest(**parts)


def _typed(value: Any, name: str) -> Any:
    """A part of an evaluation, or the fault that keeps it from being one."""
    try:
        return convert(value, _KINDS[name])
    except WireError as fault:
        return fault.under(f"/{name}")
