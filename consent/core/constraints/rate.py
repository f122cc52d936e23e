"""rate: at most so many outputs in one UTC day (DECIDING 28).

`{"kind": "rate", "v": 1, "per_day": 100}`. A count that is not at hand denies `needs_online`. Narrower:
adding it, a lower number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.constraints.max_outputs import MAX_LIMIT
from consent.core.counting import CounterKey, utc_day
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_integer


@constraint(kind="rate", tag=10, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Constraint):
    """How many a day."""

    per_day: int

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Rate":
        """Read the members beside kind and v."""
        check_members(document, required=("per_day",))
        return cls(per_day=read_integer(document, "per_day", low=1, high=MAX_LIMIT))

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the day's count so far and the quantity asked."""
        if asked.quantity > self.per_day:
            return deny(Reason.RATE)
        if scene.usage is None:
            return deny(Reason.NEEDS_ONLINE)
        used = scene.usage.get(CounterKey(line=scene.line, kind="rate", day=utc_day(scene.at)), 0)
        return PASS if used + asked.quantity <= self.per_day else deny(Reason.RATE)
