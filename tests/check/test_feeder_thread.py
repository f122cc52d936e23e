"""The feeder's own thread: it begins with the first question, rests when nobody asks, and not in a forked child."""

import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from consent.check.feeder import Feeder

PATIENCE_S = 20.0


def _wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not come to this"
        time.sleep(0.01)


@pytest.fixture
def feeder(check_log_ports: Any) -> "Iterator[Feeder]":
    """A feeder on the real clocks, which has not begun."""
    from consent.check.feeder import Feeder
    from consent.check.replica import Replica
    from tests.registry.world import Clock, registry_ports

    made = Feeder(Replica(limit=100), registry_ports(check_log_ports, Clock()))
    yield made
    made.stop()


def test_it_keeps_memory_fresh_while_somebody_asks(feeder: "Feeder") -> None:
    feeder.start()
    _wait_for(lambda: feeder.replica.freshness(True) is not None)
    first = feeder.replica.freshness(True)
    assert first is not None
    _wait_for(lambda: (feeder.replica.freshness(True) or first).until > first.until)


def test_it_rests_when_nobody_asks_and_goes_on_at_the_next_question(
    feeder: "Feeder", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import feeder as module

    monkeypatch.setattr(module, "IDLE_S", 0.1)
    feeder.start()
    _wait_for(lambda: feeder._resting)
    turns = feeder._begun
    time.sleep(5 * module.POLL_S)
    assert feeder._begun == turns
    feeder.start()
    _wait_for(lambda: feeder._begun > turns)


def test_what_a_question_waits_for_is_fetched_also_from_rest(
    feeder: "Feeder", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import feeder as module
    from consent.check.cells import SubjectName

    monkeypatch.setattr(module, "IDLE_S", 0.0)
    feeder.start()
    _wait_for(lambda: feeder._resting)
    name = SubjectName(True, "org_nobody", "org_nobody", "performer", "prf_nobody")
    assert feeder.fetch([name], livemode=True, timeout_s=PATIENCE_S)
    assert not feeder.replica.read([name], livemode=True).missing


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_forgets_everything_and_begins_anew(feeder: "Feeder") -> None:
    from django.db import connections

    feeder.start()
    _wait_for(lambda: feeder.replica.freshness(True) is not None)
    connections.close_all()  # a child that closed them would close them for both
    feeder.replica._lock.acquire()  # as if the parent's thread held it at this very moment
    child = os.fork()
    if child == 0:
        inherited = feeder.replica.freshness(True) is not None
        feeder.start()
        deadline = time.monotonic() + PATIENCE_S
        while feeder.replica.freshness(True) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        own = feeder.replica.freshness(True) is not None
        os._exit(0 if own and not inherited else 1)
    feeder.replica._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
