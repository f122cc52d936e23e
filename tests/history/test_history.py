"""A short run under faults keeps every invariant; and each wrong variant is found out, or the checker proves nothing.

The long runs are `make history`. Nothing here is measured in time: a run ends when it saw enough, or fails.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.history.record import Asked, History, Stop
from tests.history.wrong import STANDBY, VARIANTS

if TYPE_CHECKING:
    from tests.history.place import Place

FAULTS = ("kill", "freeze", "slow", "cut", "database crash")
STANDBY_DELAY_S = 2.0  # longer than a denial waits
ENOUGH_CHECKS, ENOUGH_STOPS = 300, 5  # on a busy machine; usually many more


@pytest.fixture(scope="module")
def place(database: str) -> "Iterator[Place]":
    """A primary with a synchronous standby, and no nodes yet."""
    from tests.history.place import build

    folder = Path(tempfile.mkdtemp(prefix="consent-history-"))
    made = build(folder, standby=True)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(600)
def test_the_checker_finds_an_answer_of_a_standby(place: "Place") -> None:
    """First of all, while the standby is one."""
    from tests.history.run import run

    place.delay_standby(STANDBY_DELAY_S)
    place.start_nodes(2, wrong=STANDBY)
    try:
        outcome = run(place, seconds=300, seed=1, rows=5, pipelines=6, until_caught=True)
    finally:
        place.stop_nodes()
        place.delay_standby(0)
    assert any("stale allow" in each for each in outcome.violations), outcome.line()


@pytest.mark.timeout(600)
def test_every_invariant_holds_under_faults_and_a_failover(place: "Place") -> None:
    from tests.history.run import run

    place.start_nodes(2)
    try:
        first = run(place, seconds=15, seed=1, faults=FAULTS)
        second = run(place, seconds=12, seed=2, faults=("cut", "failover"))
    finally:
        place.stop_nodes()
    for outcome in (first, second):
        assert outcome.violations == [], outcome.line()
        assert len(outcome.history.faults) >= 2
    checks = len(first.history.asked) + len(second.history.asked)
    stops = [stop for each in (first, second) for stop in each.history.stops if stop.acked is not None]
    assert checks >= ENOUGH_CHECKS and len(stops) >= ENOUGH_STOPS, (first.line(), second.line())
    assert place.serving is place.standby


@pytest.mark.timeout(600)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_checker_finds_each_wrong_variant(place: "Place", variant: str) -> None:
    from tests.history.run import run

    place.start_nodes(2, wrong=variant)
    try:
        outcome = run(place, seconds=300, seed=1, rows=5, pipelines=6, until_caught=True)
    finally:
        place.stop_nodes()
    assert any("stale allow" in each for each in outcome.violations), outcome.line()


def _history(*rows: Asked, stop: Stop) -> History:
    return History(stops=[stop], asked=list(rows), granted={"p": (0.0, 0.5, "g")})


def _row(sent: float, answered: float, *, allowed: bool = True, batch: int | None = None) -> Asked:
    return Asked(
        pair="p", node=0, sent=sent, answered=answered, allowed=allowed, batch=batch, position=f"ct_{sent}"
    )


@pytest.mark.parametrize(
    ("sent", "answered", "lifting", "stale"),
    [
        (1.9, 3.0, None, False),  # on its way when somebody was told
        (2.1, 3.0, None, True),
        (2.1, 3.0, 2.5, False),  # lifted meanwhile
        (2.1, 2.4, 2.5, True),
        (9.0, 9.1, 5.0, False),  # lifted long before
    ],
)
def test_the_checker_itself(sent: float, answered: float, lifting: float | None, stale: bool) -> None:
    from tests.history.checker import violations

    stop = Stop(pair="p", kind="pause", sent=1.0, acked=2.0, lifting=lifting)
    assert bool(violations(_history(_row(sent, answered), stop=stop))) == stale


@pytest.mark.parametrize(
    ("seq", "allowed", "found"),
    [
        (4, False, 0),
        (4, True, 1),
        (5, True, 0),
        (6, True, 0),
        (7, False, 0),
        (7, True, 1),
        (8, True, 0),
        (9, True, 1),
    ],
)
def test_the_checker_holds_each_answer_against_the_history_at_its_position(
    seq: int, allowed: bool, found: int
) -> None:
    from tests.history.folding import Standing, answers_off_history

    standing = Standing()
    for at, kind in (
        (4, "grant.signed"), (5, "grant.active"), (7, "grant.paused"), (8, "grant.resumed"), (9, "grant.ended"),
    ):  # fmt: skip
        standing.add(at, kind)
    history = History(asked=[_row(1, 2, allowed=allowed)])
    assert len(list(answers_off_history(history, standing={"p": standing}, seqs={"ct_1": seq}))) == found


def test_the_checker_sees_two_answers_at_one_position() -> None:
    from tests.history.folding import Standing, answers_off_history

    standing = Standing()
    standing.add(5, "grant.active")
    history = History(asked=[_row(1, 2, batch=1), _row(1, 3, allowed=False)])
    assert len(list(answers_off_history(history, standing={"p": standing}, seqs={"ct_1": 6}))) == 1


def test_the_checker_sees_what_was_allowed_too_early_or_two_ways() -> None:
    from tests.history.checker import violations
    from tests.history.record import Accepted

    stop = Stop(pair="p", kind="ending", sent=100.0)
    early = History(granted={"p": (5.0, 6.0, "g")}, asked=[_row(1.0, 2.0)])
    assert len(violations(early)) == 1
    both = _history(_row(1, 2, batch=1), _row(1, 2, batch=1, allowed=False), stop=stop)
    assert len(violations(both)) == 1
    told = History(
        accepted=[
            Accepted(statement="s", grant="g", kind="revocation", body=("1",)),
            Accepted(statement="s", grant="g", kind="revocation", body=("2",)),
        ]
    )
    assert len(violations(told)) == 1
