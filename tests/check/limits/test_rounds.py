"""The thread of limits: it works while there is anything, rests otherwise, and outlives a database that is away."""

import threading

import pytest
from django.db import InterfaceError, OperationalError

from consent.check.limits.rounds import Rounds


def test_it_works_until_there_is_no_more_and_again_when_it_is_woken() -> None:
    rounds = Rounds(every_s=0.005)
    done, turns = threading.Event(), []
    left = [3]

    def work() -> bool:
        turns.append(left[0])
        left[0] = max(0, left[0] - 1)
        if not left[0]:
            done.set()
        return bool(left[0])

    rounds.add(work)
    for _ in range(2):
        left[0] = 3
        done.clear()
        rounds.wake()
        assert done.wait(10)
    rounds.stop()
    assert turns[:3] == [3, 2, 1]


@pytest.mark.parametrize(
    "fault",
    [OperationalError("the primary is away"), InterfaceError("it was closed"), ValueError("unforeseen")],
)
def test_what_fails_comes_round_again(fault: Exception) -> None:
    rounds = Rounds(every_s=0.005)
    done, tries = threading.Event(), [0]

    def work() -> bool:
        tries[0] += 1
        if tries[0] < 3:
            raise fault
        done.set()
        return False

    rounds.add(work)
    rounds.wake()
    assert done.wait(10)
    rounds.stop()


def test_the_last_counts_are_told_when_it_stops() -> None:
    rounds = Rounds(every_s=3600)
    told = []
    rounds.add(lambda: bool(told.append(1)))
    rounds.wake()
    rounds.stop()
    assert told


def test_a_forked_child_starts_a_thread_of_its_own() -> None:
    import os

    rounds = Rounds(every_s=0.005)
    woken = threading.Event()
    rounds.add(lambda: bool(woken.set()))
    rounds.wake()
    assert woken.wait(10)
    child = os.fork()
    if child == 0:
        woken = threading.Event()
        rounds._works = (lambda: bool(woken.set()),)
        rounds.wake()
        os._exit(0 if woken.wait(10) else 1)
    _, status = os.waitpid(child, 0)
    rounds.stop()
    assert os.waitstatus_to_exitcode(status) == 0
