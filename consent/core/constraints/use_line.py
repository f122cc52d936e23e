"""use_line: a never-implied use has a line with exactly that use, and initials (DECIDING 3).

A line that reaches such a use only through its family, among other uses or without initials does
not allow it. Nor does a family of an older schema version allow a use that came later.
"""

from dataclasses import dataclass

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.reasons import Reason


@constraint(kind="use_line", tag=16, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class UseLine(Constraint):
    """Whether the line is one of its own for the use it was compiled for."""

    covered: bool

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the line's form."""
        return PASS if self.covered else deny(Reason.USE_LINE)
