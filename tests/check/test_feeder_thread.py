"""The feeder's own thread: it begins with the first question, rests when nobody asks, and not in a forked child."""

import os
import threading
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

    made = Feeder(Replica(max_bytes=16 << 20), registry_ports(check_log_ports, Clock()))
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


def test_very_many_missed_facts_take_several_turns_so_that_memory_stays_fresh(
    feeder: "Feeder", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import feeder as module
    from consent.check.cells import SubjectName

    monkeypatch.setattr(module, "MAX_WANTED", 100)
    feeder.start()
    _wait_for(lambda: feeder.replica.freshness(True) is not None)
    names = [SubjectName(True, "org_n", "org_n", "performer", f"prf_{number}") for number in range(350)]
    turns = feeder._begun
    assert feeder.fetch(names, livemode=True, timeout_s=PATIENCE_S)
    assert feeder._begun >= turns + 4
    assert not feeder.replica.read(names, livemode=True).missing


def test_what_waits_is_bounded_also_while_nothing_can_be_read(feeder: "Feeder") -> None:
    from consent.check.cells import SubjectName
    from consent.check.wanted import MAX_QUEUED

    def ask(number: int) -> bool:
        names = [SubjectName(True, "org_q", "org_q", "performer", f"prf_{number}_{n}") for n in range(20_000)]
        return feeder.fetch(names, livemode=True, timeout_s=0.0)

    assert not any(ask(number) for number in range(6))  # no turn ever runs
    assert len(feeder._wanted[True]) <= MAX_QUEUED
    feeder.start()
    _wait_for(lambda: not feeder._wanted[True])
    assert feeder.fetch([SubjectName(True, "a", "a", "performer", "b")], livemode=True, timeout_s=PATIENCE_S)


def test_misses_that_come_together_are_read_together(feeder: "Feeder") -> None:
    from consent.check.cells import SubjectName

    feeder.start()
    _wait_for(lambda: feeder.replica.freshness(True) is not None)
    turns, done = feeder._begun, []

    def miss(number: int) -> None:
        name = SubjectName(True, "org_t", "org_t", "performer", f"prf_{number}")
        done.append(feeder.fetch([name], livemode=True, timeout_s=PATIENCE_S))

    threads = [threading.Thread(target=miss, args=(number,)) for number in range(64)]
    with feeder._turned:  # no turn begins or ends until all of them are at the door
        for each in threads:
            each.start()
    for each in threads:
        each.join()
    assert done == [True] * 64
    assert feeder._begun - turns < 32


def test_a_turn_that_fails_sends_those_who_wait_to_the_primary_at_once(
    feeder: "Feeder", monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from consent.check import feeder as module
    from consent.check.cells import SubjectName

    feeder.start()
    _wait_for(lambda: feeder.replica.freshness(True) is not None)

    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("gone")

    name = SubjectName(True, "org_f", "org_f", "performer", "prf_f")
    with monkeypatch.context() as broken:
        broken.setattr(module, "follow", fail)
        assert not feeder.fetch([name], livemode=True, timeout_s=PATIENCE_S)
    _wait_for(lambda: not feeder.replica.read([name], livemode=True).missing)


@pytest.mark.parametrize("place", ["load_cells", "statements_for"])
def test_what_nobody_foresaw_ends_no_feeder_and_is_not_tried_for_ever(
    feeder: "Feeder", monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    from consent.check import feeder as module
    from consent.check.cells import SubjectName

    feeder.start()
    _wait_for(lambda: feeder.replica.freshness(True) is not None)
    bad = SubjectName(True, "org_b", "org_b", "performer", "prf_b")
    good = SubjectName(True, "org_b", "org_b", "performer", "prf_g")
    real = getattr(module, place)

    def poisoned(names: Any, **given: Any) -> Any:
        if bad in names:
            raise ValueError("a row that nobody can read")
        return real(names, **given)

    monkeypatch.setattr(module, place, poisoned)
    assert not feeder.fetch([bad], livemode=True, timeout_s=PATIENCE_S)
    _wait_for(lambda: feeder.replica.freshness(True) is not None)
    assert feeder.fetch([good], livemode=True, timeout_s=PATIENCE_S)
    assert feeder.replica.read([bad], livemode=True).missing


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


def test_followers_read_in_the_same_turn_and_take_over_after_the_facts(feeder: "Feeder") -> None:
    from consent.check.feeder import Feeder

    seen: list[Any] = []

    class Following:
        """Writes down what it is given."""

        def read(
            self, head: Any, *, after: Any, at: Any, freshness: Any, reached: bool
        ) -> Callable[[], None]:
            """As in `Follower`."""
            from django.db import connection

            assert connection.connection.info.transaction_status.name == "INTRANS"
            assert freshness.position == head.position and reached
            seen.append(("read", head.livemode, after))
            return lambda: seen.append(("applied", head.livemode, feeding.replica.freshness(head.livemode)))

        def begin_anew(self) -> None:
            """As in `Follower`."""
            seen.clear()

    feeding = Feeder(feeder.replica, feeder._ports, followers=[Following()])
    feeding.turn()
    first = feeding.replica.freshness(True)
    assert [each[:2] for each in seen] == [
        ("read", True),
        ("read", False),
        ("applied", True),
        ("applied", False),
    ]
    assert seen[0][2] is None and seen[2][2] is first is not None
    seen.clear()
    feeding.turn()
    assert seen[0][2] == first.position
