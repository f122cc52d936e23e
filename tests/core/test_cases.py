"""Every case of tests/cases, and that together they leave no ruling, reason, use or constraint out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from consent.core.constraints import REGISTER
from consent.core.decision import Decision
from consent.core.history import PastEvent, replay, then_and_now
from consent.core.offers import check_offer, expand_offer
from consent.core.policy import decide
from consent.core.reasons import Reason
from consent.core.states import (
    GrantEvent,
    GrantState,
    Guards,
    TransitionError,
    activation_due,
    holders_after,
    licensee_view,
    next_state,
)
from consent.core.uses import USES
from consent.core.wire.errors import WireError
from tests.core.case_files import AT, load_cases, scenario_of, terms_of
from tests.core.reference_policy import reference
from tests.core.scenario import asked_of, facts_of

Json = dict[str, Any]
OFFERED_AT = datetime(2026, 11, 30, 9, 0, 0, tzinfo=UTC)
CASES = load_cases()


def kind_of(case: Json) -> str:
    """What kind of case it is, from the member it has."""
    kinds = [kind for kind in ("ask", "offer", "send", "event", "activation", "history") if kind in case]
    assert len(kinds) == 1, case["name"]
    return kinds[0]


def of_kind(kind: str) -> list[Any]:
    """The cases of one kind, named by file and sentence."""
    return [
        pytest.param(case, id=f"{case['file']}: {case['name']}") for case in CASES if kind_of(case) == kind
    ]


def shown(decision: Decision) -> Json:
    """A decision as a case file writes it."""
    return {
        "outcome": str(decision.outcome),
        "reasons": [str(reason) for reason in decision.reasons],
        "missing": list(decision.missing),
        "grants": list(decision.grants),
        "obligations": list(decision.obligations),
        "claims": [[c.grant, c.line, c.kind, c.quantity, c.limit] for c in decision.claims],
        "next_step": decision.next_step,
        "valid_for_s": decision.valid_for_s,
        "attester": decision.attester,
    }


@pytest.mark.parametrize("case", of_kind("ask"))
def test_a_decision_is_as_the_case_says(case: Json) -> None:
    scenario = scenario_of(case)
    got = shown(decide(asked_of(scenario), facts_of(scenario), scenario["at"]))
    expected = {"reasons": [], "missing": [], **case["expect"]}
    assert {name: got[name] for name in expected} == expected


@pytest.mark.parametrize("case", of_kind("ask"))
def test_the_reference_says_the_same(case: Json) -> None:
    scenario = scenario_of(case)
    asked = asked_of(scenario)
    got = shown(decide(asked, facts_of(scenario), scenario["at"]))
    expected = reference(scenario, asked.to_json())
    assert {name: got[name] for name in expected} == expected


@pytest.mark.parametrize("case", of_kind("offer"))
def test_an_offer_has_the_faults_that_the_case_says(case: Json) -> None:
    terms, expect = terms_of(case), case["expect"]
    faults = check_offer(terms, at=OFFERED_AT)
    assert [fault.code for fault in faults] == expect["faults"], faults
    if "pointer" in expect:
        assert faults[0].pointer == expect["pointer"]
    if "hint" in expect:
        assert expect["hint"] in faults[0].expected
    expanded = expand_offer(terms)
    assert expand_offer(expanded) == expanded
    if not faults:
        assert check_offer(expanded, at=OFFERED_AT) == []
    line = expanded["lines"][0]
    for name, value in expect.get("expanded", {}).items():
        if name == "territory":
            territory = next(each for each in line["constraints"] if each["kind"] == "territory")
            assert territory["allow"] == value
        else:
            assert line[name] == value


@pytest.mark.parametrize("case", of_kind("send"))
def test_a_request_is_completed_or_refused_as_the_case_says(case: Json) -> None:
    expect = case["expect"]
    scenario = {"request": case["send"], "caller": "org_test_one", "context": case.get("context", {})}
    if "asked" in expect:
        assert asked_of(scenario).to_json() == expect["asked"]
        return
    with pytest.raises(WireError) as caught:
        asked_of(scenario)
    assert (caught.value.code, caught.value.pointer) == (expect["problem"], expect["pointer"])
    assert expect.get("hint", "") in caught.value.expected


@pytest.mark.parametrize("case", of_kind("event"))
def test_an_event_moves_the_state_as_the_case_says(case: Json) -> None:
    expect, event = case["expect"], GrantEvent(case["event"])
    given = case.get("guards", {})
    guards = Guards(at=case.get("at", AT), **{**given, **({"holders": frozenset(given.get("holders", ()))})})
    if expect.get("refused"):
        with pytest.raises(TransitionError):
            next_state(GrantState(case["state"]), event, guards)
        return
    state = next_state(GrantState(case["state"]), event, guards)
    assert state == expect["state"]
    if "holders" in expect:
        assert sorted(holders_after(event, guards)) == expect["holders"]
    assert licensee_view(state) == expect.get("seen", licensee_view(state))


@pytest.mark.parametrize("case", of_kind("activation"))
def test_a_grant_is_due_to_be_active_when_the_case_says(case: Json) -> None:
    due = activation_due(**case["activation"])
    assert due == case["expect"].get("due")
    assert (due is None) == case["expect"].get("pending", False)


@pytest.mark.parametrize("case", of_kind("history"))
def test_a_history_ends_as_the_case_says(case: Json) -> None:
    events = [
        PastEvent(seq=e["seq"], at=e["at"], event=GrantEvent(e["event"]), holder=e.get("holder"))
        for e in case["history"]
    ]
    expect = case["expect"]
    if "state" in expect:
        assert replay(events) == expect["state"]
    else:
        assert then_and_now(events, position=case["position"]) == (expect["then"], expect["now"])


def test_there_are_at_least_two_hundred_cases() -> None:
    assert len(CASES) >= 200
    assert len({(case["file"], case["name"]) for case in CASES}) == len(CASES)


def test_every_ruling_has_a_case() -> None:
    held = {ruling for case in CASES for ruling in case.get("rulings", ())}
    assert held == set(range(1, 32))


def test_every_case_names_its_ruling() -> None:
    assert [case["name"] for case in CASES if not case.get("rulings")] == []


def test_every_reason_has_a_case() -> None:
    reported = {reason for case in CASES for reason in case["expect"].get("reasons", ())}
    assert reported == set(Reason)


@pytest.mark.parametrize("kind", sorted(REGISTER))
def test_every_constraint_is_tried_both_ways(kind: str) -> None:
    outcomes = {
        case["expect"]["outcome"] for case in CASES if kind in case.get("about", ()) and "ask" in case
    }
    assert outcomes == {"allow", "deny"}


@pytest.mark.parametrize("use", sorted(USES))
def test_every_use_has_a_case(use: str) -> None:
    outcomes = {case["expect"]["outcome"] for case in CASES if case.get("ask", {}).get("use") == use}
    assert outcomes == ({"deny"} if use == "sublicense.grant" else {"allow", "deny"})
