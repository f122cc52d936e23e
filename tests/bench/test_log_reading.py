"""The figures of reading a log are of a log that is whole, and a missed goal fails the bench."""

import pytest

from tests.bench import log_reading
from tests.bench.report import exit_code

ENTRIES = 700


@pytest.fixture(autouse=True)
def few_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reading, "PROOFS", 5)


def test_both_figures_have_goals_that_bind() -> None:
    rows = log_reading.measure(ENTRIES)
    assert [(row.binding, row.goal) for row in rows] == [(True, "≤ 60.0"), (True, "≤ 1.000")]
    assert "4 tiles compared" in rows[0].beside


@pytest.mark.parametrize("goal", ["FSCK_GOAL_S", "PROOF_GOAL_MS"])
def test_a_missed_goal_fails_the_run(monkeypatch: pytest.MonkeyPatch, goal: str) -> None:
    monkeypatch.setattr(log_reading, "FSCK_GOAL_S", 3600)
    monkeypatch.setattr(log_reading, "PROOF_GOAL_MS", 3_600_000)
    assert exit_code(log_reading.measure(ENTRIES)) == 0
    monkeypatch.setattr(log_reading, goal, 0)
    assert exit_code(log_reading.measure(ENTRIES)) == 1
