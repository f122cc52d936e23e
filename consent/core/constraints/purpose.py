"""purpose: the purpose asked is one of the line's, and each sensitive flag asked is allowed.

The line's member `purposes` (`*` is any); `{"kind": "purpose", "v": 1, "flags": ["endorsement"]}`
allows what is political, religious, medical or an endorsement, else a purpose allows only the flag
in its own name (DECIDING 7). Narrower: fewer purposes, fewer flags.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny, missing
from consent.core.purposes import FLAGS, implied_flag
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_set


@constraint(kind="purpose", tag=14, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose(Constraint):
    """What for; `purposes` may hold `*` alone."""

    ANY: ClassVar[str] = "*"

    purposes: frozenset[str]
    flags: frozenset[str]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Purpose":
        """Read the tagged part: the flags alone; `for_line` adds the line's purposes."""
        check_members(document, required=("flags",))
        flags = read_set(document, "flags", accepts=FLAGS.__contains__, expected="one of " + ", ".join(FLAGS))
        return cls(purposes=frozenset(), flags=flags)

    @classmethod
    def any_among(cls, purposes: frozenset[str]) -> bool:
        """Say whether the explicit any is among them."""
        return cls.ANY in purposes

    @classmethod
    def for_line(cls, purposes: frozenset[str], flags: frozenset[str]) -> "Purpose":
        """The whole constraint of a line."""
        implied = {flag for flag in map(implied_flag, purposes) if flag is not None}
        return cls(purposes=purposes, flags=flags | implied)

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the purpose and the flags asked."""
        if asked.purpose not in self.purposes and self.ANY not in self.purposes:
            return missing("purpose") if asked.purpose is None else deny(Reason.PURPOSE)
        return PASS if self.flags >= asked.all_flags else deny(Reason.PURPOSE)
