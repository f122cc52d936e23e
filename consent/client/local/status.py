"""How a local registry stands, for logs, health checks and people."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStatus:
    """`answers_outputs` and `answers_others` say whether questions about outputs, and about the rest, are answered now;
    `why_not` is the reason where they are not. `age_s` is how old the facts may be, `pairs` of how many performers
    (towards a licensee) they are, `reading` of how many a copy that is not complete yet; `position` and `as_of` are the
    registry's. `file_problem` says why the file is not read or written. `unproven` grants deny because their own
    signatures were not verified here (`verify="performer"`), `why_unproven` what went wrong last.
    """

    answers_outputs: bool
    answers_others: bool
    age_s: float | None
    pairs: int
    reading: int
    position: str | None
    as_of: datetime | None
    why_not: str | None
    file_problem: str | None
    unproven: int
    why_unproven: str | None
