"""RFC 9457 problem answers as the SDK's errors."""

from typing import NoReturn

from consent.client.errors import BadRequest, Fault, Unauthorized, Unavailable, UnreliableAnswer
from consent.client.transport import HttpResponse
from signing import canonical
from signing.errors import SigningError

PROBLEM_BYTES = 1 << 18
MAX_RETRY_AFTER_S = 86_400.0
MAX_FAULTS = 20  # of one problem; the rest is counted by the registry's page, not by a terminal


def retry_after_s(response: HttpResponse) -> float | None:
    """Retry-After in seconds; None when absent, a date, or not a plain number (RFC 9110 §10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return None
    return min(float(text), MAX_RETRY_AFTER_S)


def unavailable(response: HttpResponse) -> Unavailable:
    """A 429 or 5xx as an error that says when to come back."""
    wanted_s = retry_after_s(response)
    problem = _read(response)
    code = _text(problem.get("code")) if problem else ""
    said = f"the registry cannot answer now (HTTP {response.status}{', ' + code if code else ''})"
    if (
        problem and response.status == 429
    ):  # the registry is well; somebody set a limit, and the detail says which
        title, detail = _text(problem.get("title")), _text(problem.get("detail"))
        said = f"{title or 'too many requests'} (HTTP 429, {code}){': ' + detail if detail else ''}"
    if wanted_s is not None:
        said += f"; it asks to come back in {wanted_s:g} s"
    return Unavailable(said, retry_after_s=wanted_s, code=code)


def raise_problem(response: HttpResponse) -> NoReturn:
    """Raise what a response outside 2xx and 3xx means. A 4xx or 5xx is never a decision."""
    if response.status >= 500 or response.status in {408, 425, 429}:
        raise unavailable(response)
    problem = _read(response)
    if not 400 <= response.status < 500 or problem is None:
        raise UnreliableAnswer(
            f"expected an answer or a problem from the registry, got HTTP {response.status} with "
            f"{response.headers.get('content-type') or 'no content type'}; is CONSENT_URL a registry's address?"
        )
    raise problem_error(problem, status=response.status)


def problem_error(problem: dict[str, object], *, status: int) -> BadRequest:
    """A problem object, of an answer or of one item of a batch, as the error it stands for."""
    errors = problem.get("errors")
    kind = Unauthorized if status in {401, 403} else BadRequest
    return kind(
        status=status,
        code=_text(problem.get("code")) or "unknown",
        title=_text(problem.get("title")) or "the registry refused the request",
        faults=[_fault(item) for item in (errors if isinstance(errors, list) else [])[:MAX_FAULTS]],
        request_id=_text(problem.get("request_id")),
    )


def _fault(item: object) -> Fault:
    member = item if isinstance(item, dict) else {}
    return Fault(
        pointer=_text(member.get("pointer")),
        rule=_text(member.get("rule")),
        expected=_text(member.get("expected")),
        got=_text(member.get("got")),
    )


def _read(response: HttpResponse) -> dict[str, object] | None:
    """The problem object, or None when the body is not one."""
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/problem+json":
        return None
    try:
        problem = canonical.parse(response.body, max_bytes=PROBLEM_BYTES)
    except SigningError:
        return None
    return dict(problem) if isinstance(problem, dict) else None


def _text(value: object) -> str:
    """A string fit for a terminal: bounded, without control characters. Anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return "".join(char if char.isprintable() else "�" for char in str(value)[:500])
