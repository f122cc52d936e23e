"""How much of a consent's time has run, in whole days, as a page draws it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`passed` of `total` days, `left` of them to come."""

    starts: datetime
    ends: datetime
    passed: int
    total: int
    left: int


def term_of(starts: datetime, ends: datetime, *, now: datetime) -> Term:
    """The term as it stands at `now`."""
    total = max((ends - starts).days, 1)
    passed = min(max((now - starts).days, 0), total)
    if now >= ends:
        passed = total
    return Term(starts=starts, ends=ends, passed=passed, total=total, left=max((ends - now).days, 0))
