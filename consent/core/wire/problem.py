"""What a refused request is answered with: a row of the table, its faults, and the object of RFC 9457."""

from collections.abc import Iterable

from msgspec import UNSET

from consent.core.wire.check import Problem, ProblemError
from consent.core.wire.problem_kinds import KINDS

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 2  # of every 503 and of a running idempotent request: most causes pass within it
_SHOWN_CHARS = 200


class ApiError(Exception):
    """A refusal that the API itself decides; `code` is a row of the table, `violated` names the limits reached."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Iterable[ProblemError] = (),
        headers: dict[str, str] | None = None,
        violated: Iterable[str] = (),
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.violated = tuple(violated)


def fault(pointer: str, rule: str, expected: str, got: str) -> ProblemError:
    """One fault of a request, cut to a length fit for an answer."""
    return ProblemError(
        pointer=pointer[: _SHOWN_CHARS * 2],
        rule=rule,
        expected=expected[:_SHOWN_CHARS],
        got=got[:_SHOWN_CHARS],
    )


def parameter_fault(name: str, rule: str, expected: str, got: str) -> ApiError:
    """A query parameter that is not accepted."""
    return ApiError("parameter_invalid", errors=[fault(f"/{name}", rule, expected, got)])


def to_problem(error: ApiError, *, origin: str, request_id: str) -> Problem:
    """The problem object that is answered, or that stands in a batch's row."""
    kind = KINDS[error.code]
    return Problem(
        type=f"{origin}/docs/problems/{kind.slug}",
        title=kind.title,
        status=kind.status,
        code=kind.code,
        request_id=request_id,
        errors=list(error.errors),
        detail=error.detail if error.detail and kind.status != 500 else UNSET,
        violated_policies=list(error.violated) or UNSET,
    )


def problem_headers(problem: Problem, error: ApiError, *, challenge: str = "") -> dict[str, str]:
    """The headers of an answer that is a problem. `challenge` is the WWW-Authenticate of a 401."""
    headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
    if problem.status == 503 or problem.code in ("idempotency_running", "rate_limited"):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if problem.status == 401 and challenge:
        headers["WWW-Authenticate"] = challenge
    return {**headers, **error.headers}
