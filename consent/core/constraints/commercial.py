"""commercial: true covers non-commercial too; false does not cover commercial (DECIDING 5).

`{"kind": "commercial", "v": 1, "allowed": true}`. Narrower: false.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_bool


@constraint(kind="commercial", tag=6, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class Commercial(Constraint):
    """For money or not."""

    allowed: bool

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Commercial":
        """Read the members beside kind and v."""
        check_members(document, required=("allowed",))
        return cls(allowed=read_bool(document, "allowed"))

    @property
    def open(self) -> bool:
        """True covers both."""
        return self.allowed

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge whether it is commercial."""
        return PASS if self.allowed or not asked.commercial else deny(Reason.COMMERCIAL)
