"""What stands in a compiled line for a constraint that its use needs and the body leaves out: deny.

Every constraint a use needs is explicit (DECIDING 1); a body without it was never offered that way.
"""

from typing import ClassVar

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, deny
from consent.core.reasons import Reason


class Absent(Constraint):
    """Denies with the reason of the constraint that is not there; perhaps only for adult questions."""

    __slots__ = ("_only_adult", "_verdict")

    kind: ClassVar[str] = "absent"

    def __init__(self, reason: Reason, *, only_adult: bool = False) -> None:
        self._verdict = deny(reason)
        self._only_adult = only_adult

    @property
    def passes_plain(self) -> bool:
        """What only adult tiers need, a plain question does not."""
        return self._only_adult

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Deny; for what only adult tiers need, pass all other questions."""
        return PASS if self._only_adult and not asked.adult else self._verdict
