"""Ratios are judged by what makes ours smaller: our own answers as they came, rulers by their whole core."""

import pytest

from deploy.load.driving import Outcome
from tests.bench.loading import Load
from tests.bench.report import exit_code
from tests.bench.single import _throughput

ROUNDS = 3


def _loads(per_s: float, *, busy: float = 1.0) -> list[Load]:
    outcome = Outcome(answered=int(per_s * 2), seconds=2.0)
    return [Load(outcome=outcome, cpu_s=busy * 2, wall_s=2.0, others=0.0)] * ROUNDS


def _judged(**changed: list[Load]) -> dict[str, float | None]:
    rows = _throughput(
        {
            "ours": _loads(20_000),
            "inline": _loads(9_000),
            "empty": _loads(30_000),
            "sign-only": _loads(10_000),
            "view": _loads(1_000),
            "cerbos": _loads(1_500),
            **changed,
        },
        "",
    )
    return {row.what.strip(): row.value for row in rows} | {"exit": float(exit_code(rows))}


def test_reached_ratios_pass() -> None:
    judged = _judged()
    assert judged["of an empty granian handler"] == pytest.approx(2 / 3)
    assert judged["against our own DRF view"] == pytest.approx(20)
    assert judged["of a handler that only signs"] == pytest.approx(0.9)
    assert judged["exit"] == 0


def test_a_ruler_that_the_load_could_not_fill_is_credited_with_its_whole_core() -> None:
    judged = _judged(empty=_loads(30_000, busy=0.5))
    assert judged["of an empty granian handler"] == pytest.approx(1 / 3)
    assert judged["exit"] == 1


def test_ours_is_never_credited_with_what_it_did_not_answer() -> None:
    assert _judged(ours=_loads(10_000, busy=0.25))["of an empty granian handler"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("name", "per_s"), [("empty", 40_000), ("view", 1_400), ("cerbos", 2_100), ("sign-only", 12_000)]
)
def test_each_ratio_that_is_missed_fails_the_bench(name: str, per_s: float) -> None:
    assert _judged(**{name: _loads(per_s)})["exit"] == 1


def test_a_cerbos_that_is_not_there_fails_the_bench() -> None:
    loads = {name: _loads(1_000) for name in ("inline", "empty", "sign-only", "view")}
    rows = _throughput({"ours": _loads(20_000), **loads}, "npm is not on this machine")
    (row,) = [row for row in rows if "Cerbos" in row.what]
    assert (row.value, row.why, row.fails) == (None, "npm is not on this machine", True)
