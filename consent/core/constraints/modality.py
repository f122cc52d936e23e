"""modality: everything of the person that the use shows is in the line's `modalities` (DECIDING 4).

Judged on every line. Narrower: fewer modalities.
"""

from dataclasses import dataclass

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny, missing
from consent.core.reasons import Reason


@constraint(kind="modality", tag=15, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class Modality(Constraint):
    """What of the person."""

    modalities: frozenset[str]

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the modalities that follow from the use, or that the question names."""
        if asked.modality is None:
            return missing("modality")
        if asked.modalities is None or not self.modalities >= asked.modalities:
            return deny(Reason.MODALITY)
        return PASS
