"""Changing the bounds never leaves an instant at which a node may answer longer than a denial waits."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django import db
from django.db import IntegrityError

from consent.log.errors import BoundsError
from consent.log.ports import LogPorts
from tests.log.clocks import FakeClock
from tests.log.history import file_ports


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timed(own_database: str, tmp_path: Any, clock: FakeClock) -> Iterator[LogPorts]:
    from consent.log.start import initialise

    made = replace(file_ports(tmp_path), boot_clock=clock, sleep=clock.sleep)
    initialise(made)
    yield made


def _bounds() -> tuple[int, int]:
    from consent.log.heads import read_head

    head = read_head(True)
    return head.l_node_ms, head.l_wait_ms


def test_both_are_300_ms_to_begin_with(timed: LogPorts) -> None:
    assert _bounds() == (300, 300)


def test_raising_needs_no_wait(timed: LogPorts, clock: FakeClock) -> None:
    from consent.log.bounds import change_bounds

    change_bounds(True, l_node_ms=800, l_wait_ms=1000, ports=timed)
    assert _bounds() == (800, 1000)
    assert clock.slept == []


def test_lowering_waits_out_the_old_bound_between_the_two(timed: LogPorts, clock: FakeClock) -> None:
    from consent.log.bounds import change_bounds

    change_bounds(True, l_node_ms=1000, l_wait_ms=1000, ports=timed)
    during: list[tuple[int, int]] = []
    clock.during = lambda: during.append(_bounds())
    change_bounds(True, l_node_ms=200, l_wait_ms=200, ports=timed)
    assert during == [(200, 1000)]
    assert clock.slept == [pytest.approx(1.05)]
    assert _bounds() == (200, 200)


def test_a_change_that_died_in_its_wait_is_finished_with_a_whole_wait(
    timed: LogPorts, clock: FakeClock
) -> None:
    from consent.log.bounds import change_bounds

    change_bounds(True, l_node_ms=1000, l_wait_ms=1000, ports=timed)

    def die() -> None:
        raise KeyboardInterrupt

    clock.during = die
    with pytest.raises(KeyboardInterrupt):
        change_bounds(True, l_node_ms=200, l_wait_ms=200, ports=timed)
    assert _bounds() == (200, 1000)
    clock.during = lambda: None
    clock.slept.clear()
    change_bounds(True, l_node_ms=200, l_wait_ms=200, ports=timed)
    assert clock.slept == [pytest.approx(1.05)]
    assert _bounds() == (200, 200)


def test_somebody_else_s_change_in_the_wait_is_not_undone(timed: LogPorts, clock: FakeClock) -> None:
    from consent.log.bounds import change_bounds

    change_bounds(True, l_node_ms=1000, l_wait_ms=1000, ports=timed)

    def other() -> None:
        with db.connection.cursor() as cursor:
            cursor.execute("UPDATE log_head SET l_node_ms = 900 WHERE livemode")

    clock.during = other
    with pytest.raises(BoundsError):
        change_bounds(True, l_node_ms=200, l_wait_ms=200, ports=timed)
    assert _bounds() == (900, 1000)


@pytest.mark.parametrize(("l_node_ms", "l_wait_ms"), [(301, 300), (-1, 300), (0, 0), (300, 60_001)])
def test_bounds_out_of_bounds_are_refused(timed: LogPorts, l_node_ms: int, l_wait_ms: int) -> None:
    from consent.log.bounds import change_bounds

    with pytest.raises(BoundsError):
        change_bounds(True, l_node_ms=l_node_ms, l_wait_ms=l_wait_ms, ports=timed)
    assert _bounds() == (300, 300)


def test_the_database_knows_the_rule_too(timed: LogPorts) -> None:
    with pytest.raises(IntegrityError), db.connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET l_node_ms = 301")


def test_changing_the_bounds_leaves_the_position_alone(timed: LogPorts) -> None:
    from consent.log.bounds import change_bounds
    from consent.log.heads import read_head

    before = read_head(True).position
    change_bounds(True, l_node_ms=100, l_wait_ms=400, ports=timed)
    assert read_head(True).position == before
