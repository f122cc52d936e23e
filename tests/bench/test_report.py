"""The table judges: a missed ratio fails the bench, and a missed goal is never hidden."""

import json
from pathlib import Path

import pytest

from tests.bench.report import Row, exit_code, not_measured, print_table, write_json


def _row(value: float, **goal: object) -> Row:
    return Row(what="a ratio", value=value, unit="x", **goal)  # type: ignore[arg-type]


def test_a_missed_ratio_fails_the_bench() -> None:
    assert exit_code([_row(9.99, at_least=10, binding=True)]) == 1
    assert exit_code([_row(1.21, at_most=1.2, binding=True)]) == 1


def test_a_reached_ratio_does_not() -> None:
    assert (
        exit_code([_row(10, at_least=10, binding=True), _row(1.2, at_most=1.2, binding=True), _row(1)]) == 0
    )


def test_a_missed_absolute_time_fails_only_a_strict_run() -> None:
    rows = [_row(6, at_most=5)]
    assert (exit_code(rows), exit_code(rows, strict=True)) == (0, 1)


def test_a_number_that_could_have_been_had_fails_the_bench_by_its_absence() -> None:
    assert exit_code([not_measured("x", "npm is not here")]) == 0
    assert exit_code([not_measured("x", "nobody installed it", missing=True)]) == 1


def test_a_missed_goal_stands_under_the_table_with_its_figure(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([_row(0.083, at_least=0.6, binding=True), not_measured("other", "it did not start")])
    said = capsys.readouterr().out
    assert "MISSED goal ≥ 0.600" in said
    assert said.partition("Missed:")[2].strip() == "a ratio: 0.083 x, goal ≥ 0.600"
    assert "not measured: it did not start" in said


def test_the_file_says_of_each_number_what_it_is_held_against(tmp_path: Path) -> None:
    rows = [_row(3, at_least=2, binding=True, samples=5, spread=(2.5, 3.5)), not_measured("other", "why not")]
    write_json(rows, tmp_path / "bench.json", machine={"cores": 2}, run={"grants": 10})
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["machine"] == {"cores": 2} and document["run"] == {"grants": 10}
    first, second = document["rows"]
    assert (first["goal"], first["passed"], first["samples"], first["spread"]) == (
        "≥ 2.000",
        True,
        5,
        [2.5, 3.5],
    )
    assert (second["value"], second["passed"], second["why"]) == (None, None, "why not")


def test_a_row_has_one_goal_and_a_value_or_a_reason() -> None:
    with pytest.raises(ValueError, match="one goal"):
        _row(1, at_least=1, at_most=2)
    with pytest.raises(ValueError, match="why there is none"):
        Row(what="x", value=None, unit="")
