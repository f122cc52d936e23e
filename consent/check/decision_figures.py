"""Counting what was decided: by side, outcome and reason, never by who asked about whom."""

from consent.core.decision import Decision
from consent.log.families import DECISIONS, REASONS, side_label
from consent.log.figures import Figures


def count_decision(figures: Figures, decision: Decision, *, livemode: bool, number: int = 1) -> None:
    """Count a decision that was kept; `number` of them where a batch says the same question several times."""
    side = side_label(livemode)
    figures.add(DECISIONS, (side, "allow" if decision.allowed else "deny"), number)
    for reason in decision.reasons:
        figures.add(REASONS, (side, reason), number)
