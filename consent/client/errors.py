"""Everything the SDK raises on purpose. One tree; nothing in it ever means "allowed"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consent.client.decision import Decision
    from consent.client.local.decision import LocalDecision


class ConsentError(Exception):
    """Base of the SDK's errors. Whoever catches it has no permission to go on."""


class ConfigurationError(ConsentError):
    """A setting or an argument is missing, malformed or unsafe; the message says how to mend it."""


class Denied(ConsentError):  # noqa: N818  # the name is DESIGN §10's
    """`require()` asked and the registry said no."""

    def __init__(self, decision: "Decision | LocalDecision") -> None:
        self.decision = decision
        self.reasons = decision.reasons
        self.missing = decision.missing
        self.next_step = decision.next_step
        parts = [f"consent denied: {', '.join(decision.reasons) or 'no reason given'}"]
        if decision.missing:
            parts.append(f"missing: {', '.join(decision.missing)}")
        if decision.next_step:
            parts.append(decision.next_step)
        super().__init__("; ".join(parts))


class Unavailable(ConsentError):  # noqa: N818  # the name is DESIGN §10's
    """No answer to rely on could be had; treat it as a no and ask again later.

    `retry_after_s` is what the registry asked for, in seconds, or None.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None, code: str = "") -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.code = code


class UnreliableAnswer(Unavailable):
    """An answer came, but it is malformed, stale, unsigned as it should be, or to another question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One member of a request that the registry refused: where, by which rule, what it expected and got."""

    pointer: str
    rule: str
    expected: str
    got: str = ""

    def __str__(self) -> str:
        got = f", got {self.got!r}" if self.got else ""
        return f"{self.pointer or '/'}: expected {self.expected or self.rule}{got}"


class BadRequest(ConsentError):  # noqa: N818  # named like its siblings
    """The registry refused the request itself (4xx); it decided nothing. Asking again unchanged is useless."""

    def __init__(
        self, *, status: int, code: str, title: str, faults: Sequence[Fault] = (), request_id: str = ""
    ) -> None:
        self.status = status
        self.code = code
        self.title = title
        self.faults = tuple(faults)
        self.request_id = request_id
        text = f"{title} ({code}, HTTP {status})"
        if self.faults:
            text += ": " + "; ".join(map(str, self.faults))
        if request_id:
            text += f" [{request_id}]"
        super().__init__(text)


class Unauthorized(BadRequest):
    """The key or the performer's proof was refused (401, 403): wrong, revoked, expired or without the scope."""


class RefusedToSign(ConsentError):  # noqa: N818  # named like its siblings
    """What the registry offered for signing is not what was read and agreed to; nothing was signed."""
