"""A local registry as it runs: its thread, many askers, forks, and an end."""

import gc
import os
import threading
import time
from typing import Any

import pytest

from consent.client.errors import ConfigurationError, Unauthorized
from consent.client.local.registry import LocalRegistry
from consent.client.registry import Registry
from consent.client.transport import TransportError
from tests.client.recorded_feed import QUESTION, RecordedFeed, grant, subject
from tests.client.recorded_registry import TEST_KEY, URL, problem

PATIENCE_S = 20.0


def running(registry: RecordedFeed, **options: Any) -> LocalRegistry:
    """With its own thread and the machine's own boot clock."""
    return Registry.local(URL, TEST_KEY, trust=registry.trust, transport=lambda: registry, **options)


def registry_of(count: int = 1) -> RecordedFeed:
    registry = RecordedFeed()
    for number in range(count):
        registry.change(subject(f"prf_test_p{number}", grant(f"grt_test_g{number}")))
    return registry


def eventually(true: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


def threads() -> int:
    return sum(thread.name == "consent-local" for thread in threading.enumerate())


def test_the_first_question_waits_for_the_first_copy_and_later_ones_follow_the_feed() -> None:
    registry = registry_of()
    with running(registry) as local:
        assert threads() == 0  # nothing is followed before somebody asks
        assert local.check(performer="prf_test_p0", **QUESTION)
        registry.change(subject("prf_test_p0", ended=["grt_test_g0"], ever_signed=True), "grant.ended")
        eventually(lambda: not local.check(performer="prf_test_p0", **QUESTION))
        assert threads() == 1
    eventually(lambda: threads() == 0)
    with pytest.raises(ConfigurationError):
        local.check(performer="prf_test_p0", **QUESTION)


def test_it_polls_about_four_times_a_second_and_seldom_while_nobody_answers() -> None:
    registry = registry_of()
    with running(registry) as local:
        local.ready()
        eventually(lambda: len(registry.requests) > 6)
        registry.steps.extend([TransportError("refused")] * 1000)
        failing = len(registry.requests)
        time.sleep(1.0)
        assert len(registry.requests) - failing < 12
        registry.steps.clear()
        local.check(performer="prf_test_p0", **QUESTION)


def test_a_refused_key_ends_the_thread() -> None:
    registry = registry_of()
    with running(registry) as local:
        local.ready()
        registry.steps.append(problem(401, "key_invalid"))
        eventually(lambda: threads() == 0)
        for _ in range(2):
            with pytest.raises(Unauthorized):
                local.check(performer="prf_test_p0", **QUESTION)


def test_a_key_that_is_refused_from_the_start_says_so_at_once() -> None:
    registry = registry_of()
    registry.steps.append(problem(401, "key_invalid"))
    with running(registry) as local, pytest.raises(Unauthorized):
        local.check(performer="prf_test_p0", **QUESTION)


def test_one_that_nobody_holds_any_longer_stops_following() -> None:
    registry = registry_of()
    local = running(registry)
    local.ready()
    del local
    gc.collect()
    eventually(lambda: threads() == 0)


def test_many_threads_ask_while_everything_changes() -> None:
    registry = registry_of(50)
    faults: list[BaseException] = []
    done = threading.Event()
    with running(registry) as local:
        local.ready()
        ask = local.question(**QUESTION)

        def askers(number: int) -> None:
            try:
                while not done.is_set():
                    for each in range(50):
                        first = ask(f"prf_test_p{each}")
                        again = local.check(performer=f"prf_test_p{each}", **QUESTION)
                        assert first.grants in ((), (f"grt_test_g{each}",))
                        assert again.asked["performer"] == f"prf_test_p{each}"
                    local.check_many([{"performer": f"prf_test_p{number}", **QUESTION}] * 3)
            except BaseException as exc:  # noqa: BLE001  # told by the main thread
                faults.append(exc)

        crowd = [threading.Thread(target=askers, args=(number,)) for number in range(6)]
        for each in crowd:
            each.start()
        for number in range(40):
            state = "paused" if number % 2 == 0 else "active"
            registry.change(subject(f"prf_test_p{number}", grant(f"grt_test_g{number}", state=state)))
            time.sleep(0.02)
        eventually(lambda: local.status().position == "ct_h1_90")
        done.set()
        for each in crowd:
            each.join()
        assert not faults
        for number in range(40):
            assert bool(ask(f"prf_test_p{number}")) is (number % 2 == 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking with threads is what is tested
def test_a_forked_child_answers_from_what_is_known_and_follows_by_itself() -> None:
    registry = registry_of(20)
    with running(registry) as local:
        local.ready()
        for _ in range(5):
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    assert threads() == 0 or not local._memory.followed
                    assert local.check(performer="prf_test_p3", **QUESTION)
                    registry.change(subject("prf_test_p3", ever_signed=True))  # in the child's own copy
                    eventually(lambda: not local.check(performer="prf_test_p3", **QUESTION))
                    code = 0
                finally:
                    os._exit(code)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
        assert local.check(performer="prf_test_p3", **QUESTION)
        before = len(registry.requests)
        eventually(lambda: len(registry.requests) > before + 1)  # the parent goes on following
