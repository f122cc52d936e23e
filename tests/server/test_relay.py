"""The relay does what is due, in time, and goes on when something fails."""

import threading

import pytest
from django.db import OperationalError

from consent.log.errors import GuardUnavailableError
from consent.server.relay import Relay, Timer, side_by_side


class Clock:
    """Seconds that move when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _timer(name: str, every_s: float) -> Timer:
    return Timer(name=name, every_s=every_s, work=lambda ports: 0)


def test_each_timer_runs_at_once_and_then_when_it_is_due() -> None:
    clock, ran = Clock(), []
    relay = Relay(
        [_timer("fast", 1.0), _timer("slow", 10.0)],
        run=lambda timer: ran.append(timer.name) or 0,
        monotonic=clock,
    )
    assert relay.turn() == 1.0
    clock.now = 1.0
    relay.turn()
    clock.now = 1.5
    assert relay.turn() == 2.0
    assert ran == ["fast", "slow", "fast"]


def test_a_timer_that_fails_comes_round_again_and_stops_no_other() -> None:
    clock, ran = Clock(), []

    def run(timer: Timer) -> int:
        ran.append(timer.name)
        if timer.name == "a":
            raise OperationalError if len(ran) == 1 else GuardUnavailableError
        return 0

    relay = Relay([_timer("a", 1.0), _timer("b", 1.0)], run=run, monotonic=clock)
    relay.turn()
    clock.now = 1.0
    relay.turn()
    assert ran == ["a", "b", "a", "b"]


def test_it_ends_when_it_is_told_to() -> None:
    stop = threading.Event()

    def run(timer: Timer) -> int:
        stop.set()
        return 1

    Relay([_timer("a", 3600.0)], run=run).until(stop)
    assert stop.is_set()


def test_relays_side_by_side_do_not_wait_for_each_other_and_one_that_breaks_stops_all() -> None:
    stop, quick_ran = threading.Event(), threading.Event()

    def slow(timer: Timer) -> int:
        assert quick_ran.wait(30)  # held up until the other has had its turn
        raise ZeroDivisionError

    def quick(timer: Timer) -> int:
        quick_ran.set()
        return 1

    relays = [Relay([_timer("slow", 3600.0)], run=slow), Relay([_timer("quick", 3600.0)], run=quick)]
    with pytest.raises(ZeroDivisionError):
        side_by_side(relays, stop)
    assert stop.is_set()
