"""Keeping decisions before they are answered."""

from collections.abc import Sequence

from consent.registry.decisions import DecisionKeeper, KeptDecision


def record_decision(keeper: DecisionKeeper, *, decisions: Sequence[KeptDecision]) -> None:
    """Keep the decisions of one question or batch; whoever answers calls this first."""
    if decisions:
        keeper.record(decisions)
