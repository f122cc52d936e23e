"""themes: each theme asked is listed; none is unless listed, and permanent denies cannot be (DECIDING 7).

`{"kind": "themes", "v": 1, "allowed": ["hate"]}`. Judged on every line. Narrower: fewer themes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.content import ALLOWABLE_THEMES
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_set


@constraint(kind="themes", tag=11, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class Themes(Constraint):
    """About what."""

    allowed: frozenset[str]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Themes":
        """Read the members beside kind and v."""
        check_members(document, required=("allowed",))
        expected = "one of " + ", ".join(sorted(ALLOWABLE_THEMES))
        return cls(
            allowed=read_set(document, "allowed", accepts=ALLOWABLE_THEMES.__contains__, expected=expected)
        )

    @property
    def passes_plain(self) -> bool:
        """A plain question has no theme."""
        return True

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the themes asked."""
        return PASS if self.allowed.issuperset(asked.themes) else deny(Reason.THEMES)


NO_THEMES = Themes(allowed=frozenset())
