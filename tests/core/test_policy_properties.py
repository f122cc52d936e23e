"""Properties of decide over drawn scenarios: it equals the reference, and it is total and ordered."""

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.core.explain import explain
from consent.core.policy import decide
from consent.core.reasons import in_order
from tests.core.reference_policy import reference
from tests.core.scenario import asked_of, facts_of
from tests.core.strategies import changed, scenarios
from tests.core.test_cases import shown

Json = dict[str, Any]
MODEST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@MODEST
@given(scenarios())
def test_decide_equals_the_reference(scenario: Json) -> None:
    asked = asked_of(scenario)
    got = shown(decide(asked, facts_of(scenario), scenario["at"]))
    expected = reference(scenario, asked.to_json())
    assert {name: got[name] for name in expected} == expected


@MODEST
@given(scenarios(), st.randoms(use_true_random=False))
def test_order_never_matters(scenario: Json, chance: random.Random) -> None:
    before = decide(asked_of(scenario), facts_of(scenario), scenario["at"])
    shuffled = changed(scenario)
    _shuffle_lists(shuffled, chance)
    after = decide(asked_of(shuffled), facts_of(shuffled), shuffled["at"])
    assert after == before


def _shuffle_lists(value: Any, chance: random.Random) -> None:
    """Every list anywhere: grants, lines, constraints, performers, members of sets."""
    if isinstance(value, dict):
        for member in value.values():
            _shuffle_lists(member, chance)
    elif isinstance(value, list):
        chance.shuffle(value)
        for member in value:
            _shuffle_lists(member, chance)


@MODEST
@given(scenarios())
def test_explain_decides_alike_and_shows_only_own_grants_without_reasons_of_stops(scenario: Json) -> None:
    asked, facts = asked_of(scenario), facts_of(scenario)
    explanation = explain(asked, facts, scenario["at"])
    assert explanation.decision == decide(asked, facts, scenario["at"])
    own = scenario["caller"] == scenario["licensee"]
    for view in explanation.grants:
        assert view.state in ("active", "paused", "ended", "signed")
        assert (view.terms is not None) == own
    shown_grants = {view.grant for view in explanation.grants}
    assert {view.grant for view in explanation.constraints} <= shown_grants


@MODEST
@given(scenarios())
def test_an_answer_is_well_formed(scenario: Json) -> None:
    decision = decide(asked_of(scenario), facts_of(scenario), scenario["at"])
    assert decision.reasons == in_order(decision.reasons)
    assert (not decision.allowed) == bool(set(decision.reasons) - {"fictional_persona"})
    assert bool(decision.missing) == ("context_missing" in decision.reasons)
    assert not decision.missing or decision.next_step
    assert decision.valid_for_s >= 0
    if not decision.allowed:
        assert (decision.grants, decision.claims, decision.obligations) == ((), (), ())


@settings(MODEST, max_examples=200)
@given(scenarios())
def test_every_performer_of_an_allow_has_an_active_grant_in_it_with_a_line_for_the_use(
    scenario: Json,
) -> None:
    """No objection is not a yes: an allow names, for everybody whose yes is needed, a grant that says it."""
    asked, facts = asked_of(scenario), facts_of(scenario)
    decision = decide(asked, facts, scenario["at"])
    if not decision.allowed:
        return
    assert facts.subjects or decision.attester
    for subject in facts.subjects:
        used = [grant for grant in subject.grants if grant.grant in decision.grants]
        assert len(used) == 1
        assert used[0].state == "active"
        assert asked.use in used[0].terms.by_use
