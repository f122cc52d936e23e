"""A flood of questions to the primary: bounded, told, and never a hindrance to the feeder."""

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node

PATIENCE_S = 20.0


@pytest.fixture
def node(check_log_ports: Any) -> "Node":
    """A node that has counted nothing yet."""
    from consent.log.figures import Figures
    from tests.check.node import make_node

    return make_node(replace(check_log_ports, figures=Figures()))


def test_a_place_is_given_back_also_by_a_question_that_failed() -> None:
    from consent.check.turnstile import Turnstile
    from consent.core.wire.problem import ApiError

    turnstile = Turnstile(at_once=1, patience_s=0.0)
    with pytest.raises(ZeroDivisionError), turnstile.place():
        with pytest.raises(ApiError) as refused, turnstile.place():
            pass
        assert refused.value.code == "stale"
        raise ZeroDivisionError
    with turnstile.place():
        pass


def test_a_flood_of_questions_is_bounded_and_the_feeder_goes_on(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is stale, and the primary is as slow as it likes: sixteen ask, four get through, twelve are told."""
    from django.db import connections

    from consent.check.turnstile import AT_ONCE
    from consent.core.wire.problem import ApiError

    world, organization = node.world, node.world.organization()
    person = world.person()
    world.grant(organization, person)
    node.ask(organization, person)
    node.boot.now += 10
    reference = node.reference(organization, person)
    inside, most, lock = 0, 0, threading.Lock()
    go_on, full = threading.Event(), threading.Event()
    real = node.primary.inner.answer

    def slow(*given: Any, **how: Any) -> Any:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside == AT_ONCE:
                full.set()
        assert go_on.wait(PATIENCE_S)
        with lock:
            inside -= 1
        return real(*given, **how)

    monkeypatch.setattr(node.primary.inner, "answer", slow)
    told: list[str] = []

    def ask() -> None:
        try:
            told.append(node.ask(organization, performer=reference).decision)
        except ApiError as exc:
            told.append(exc.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4 * AT_ONCE)]
    for each in threads:
        each.start()
    assert full.wait(PATIENCE_S)
    for _ in range(200):
        if told.count("stale") == 3 * AT_ONCE:
            break
        threading.Event().wait(0.1)
    for _ in range(5):
        assert node.feeder.turn()  # on a connection of its own, while the primary is asked by as many as may
    go_on.set()
    for each in threads:
        each.join()
    assert most == AT_ONCE
    assert sorted(told) == ["allow"] * AT_ONCE + ["stale"] * 3 * AT_ONCE
    assert (
        node.ask(organization, performer=reference).decision == "allow"
    )  # from memory, which is fresh again
    counters = node.world.ports.log.figures.counted().counters
    assert counters[("consent_check_primary_total", ("refused",))] == 3 * AT_ONCE
