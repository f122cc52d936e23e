"""Counted limits: the name of a counter, and what an allow would add to it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple


class CounterKey(NamedTuple):
    """One counter of a grant: `kind` is max_outputs (day None) or rate (one UTC day)."""

    line: str
    kind: str
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterClaim:
    """What this allow consumes: the caller adds `quantity` under the condition used + quantity <= limit."""

    grant: str
    line: str
    kind: Literal["max_outputs", "rate"]
    quantity: int
    limit: int
    day: date | None


def utc_day(instant: datetime) -> date:
    """The UTC day in which an aware instant falls."""
    return instant.astimezone(UTC).date()
