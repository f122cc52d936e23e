"""max_outputs: at most so many outputs over the whole term.

`{"kind": "max_outputs", "v": 1, "limit": 1000}`. Required for `publish.*` (DECIDING 11). A count that
is not at hand denies `needs_online`. Narrower: adding it, a lower limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.counting import CounterKey
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_integer

MAX_LIMIT: Final = 10**12  # well inside the integers of I-JSON


@constraint(kind="max_outputs", tag=9, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxOutputs(Constraint):
    """How many in all."""

    limit: int

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "MaxOutputs":
        """Read the members beside kind and v."""
        check_members(document, required=("limit",))
        return cls(limit=read_integer(document, "limit", low=1, high=MAX_LIMIT))

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the count so far and the quantity asked."""
        if asked.quantity > self.limit:
            return deny(Reason.MAX_OUTPUTS)
        if scene.usage is None:
            return deny(Reason.NEEDS_ONLINE)
        used = scene.usage.get(CounterKey(line=scene.line, kind="max_outputs", day=None), 0)
        return PASS if used + asked.quantity <= self.limit else deny(Reason.MAX_OUTPUTS)
