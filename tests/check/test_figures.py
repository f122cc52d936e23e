"""What a check node counts of its work: decisions, reasons, memory; and never who asked about whom."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node


@pytest.fixture
def node(check_log_ports: Any) -> "Node":
    """A node that has counted nothing yet."""
    from consent.log.figures import Figures
    from tests.check.node import make_node

    return make_node(replace(check_log_ports, figures=Figures()))


def _counters(node: "Node") -> dict[tuple[str, tuple[str, ...]], float]:
    return node.world.ports.log.figures.counted().counters


def test_every_decision_and_each_of_its_reasons_is_counted_once(node: "Node") -> None:
    from consent.core.wire.decode import decode_batch
    from consent.core.wire.encode import encode

    world = node.world
    organization = world.organization()
    person = world.person()
    world.grant(organization, person)
    asked = {"performer": node.reference(organization, person), "use": "train.voice"}
    allowed = node.ask(organization, person)
    denied = node.ask(organization, person, use="edit.undress")
    rows = [
        {"id": "a", **asked},
        {"id": "b", **asked, "territory": "US"},
        {"id": "c", **asked, "quantity": 0},
    ]
    batch = node.checks.batch(
        decode_batch(encode({"checks": rows})), caller=node.caller(organization), to_problem=lambda exc: None
    )
    told = [allowed, denied, *(row for row in batch.results if isinstance(row.decision, str))]
    counters = _counters(node)
    for outcome in ("allow", "deny"):
        number = sum(each.decision == outcome for each in told)
        assert number and counters[("consent_decisions_total", ("live", outcome))] == number
    for reason in {reason for each in told for reason in each.reasons}:
        number = sum(reason in each.reasons for each in told)
        assert counters[("consent_decision_reasons_total", ("live", reason))] == number
    assert organization not in repr(counters) and "prf_" not in repr(counters)


def test_a_question_that_is_no_question_is_no_decision(node: "Node") -> None:
    from consent.core.wire.errors import WireError

    organization = node.world.organization()
    with pytest.raises(WireError):
        node.ask(organization, performer="nobody at all")
    assert ("consent_decisions_total", ("live", "deny")) not in _counters(node)


def test_hits_misses_and_questions_to_the_primary_are_counted(node: "Node", monkeypatch: Any) -> None:
    world = node.world
    organization = world.organization()
    person = world.person()
    world.grant(organization, person)
    node.ask(organization, person)
    node.ask(organization, person)
    counters = _counters(node)
    assert counters[("consent_check_cells_read_total", ("miss",))] == 1
    assert counters[("consent_check_cells_read_total", ("hit",))] == 1
    node.boot.now += 10  # nothing was read for ten seconds
    node.ask(organization, person)
    assert _counters(node)[("consent_check_primary_total", ("stale",))] == 1
    monkeypatch.setattr(node.feeder, "fetch", lambda *args, **kwargs: False)
    node.ask(organization, performer="prf_" + "a" * 26)
    assert _counters(node)[("consent_check_primary_total", ("missing",))] == 1


def test_a_node_tells_how_old_its_facts_are_while_somebody_asks(node: "Node") -> None:
    from consent.check.memory_figures import memory_figures

    organization = node.world.organization()
    node.ask(organization, performer="prf_" + "a" * 26)
    node.boot.now += 0.25

    def told() -> dict[tuple[str, tuple[str, ...]], float]:
        values = memory_figures(node.feeder, node.boot)
        return {(family.name, labels): value for family, labels, value in values}

    assert told()[("consent_check_cells", ())] == 1
    assert ("consent_check_freshness_age_seconds", ("live",)) not in told()  # nobody keeps it fresh
    node.feeder._running = True
    assert told()[("consent_check_freshness_age_seconds", ("live",))] == pytest.approx(0.25)
