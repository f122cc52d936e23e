"""What decide does not look at for a plain question could not have denied it."""

from typing import Any

import rfc8785
from hypothesis import HealthCheck, assume, given, settings

from consent.core import constraints as kinds
from consent.core.constraints import PASS, REGISTER, Absent, Scene
from consent.core.reasons import Reason
from tests.core.scenario import asked_of, facts_of
from tests.core.strategies import scenarios

Json = dict[str, Any]
MODEST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@MODEST
@given(scenarios())
def test_a_constraint_that_passes_plain_questions_passes_this_one(scenario: Json) -> None:
    asked, facts = asked_of(scenario), facts_of(scenario)
    assume(asked.plain)
    for subject in facts.subjects:
        for grant in subject.grants:
            scene = Scene(scenario["at"], len(facts.subjects), (), grant.usage, "l1")
            for lines in grant.terms.by_use.values():
                for line in lines:
                    passing = [check for check in line.checks if check.passes_plain]
                    assert all(check.evaluate(asked, scene) is PASS for check in passing)
                    assert set(line.plain_judges) == {
                        judge for judge in line.judges if judge not in {each.evaluate for each in passing}
                    }


@MODEST
@given(scenarios())
def test_a_question_of_a_theme_a_tier_or_an_age_is_not_plain(scenario: Json) -> None:
    asked = asked_of(scenario)
    special = asked.rank > 0 or asked.themes or asked.adult_terms or asked.needs_age
    assert asked.plain == (not special)
    assert asked.canonical() == rfc8785.dumps(asked.to_json())


def test_only_these_constraints_have_nothing_to_say_about_plain_questions() -> None:
    """Whoever adds one to them shows here that it belongs to them."""
    classes = [getattr(kinds, name) for name in kinds.__all__]
    declared = {each.__name__ for each in classes if "passes_plain" in getattr(each, "__dict__", {})}
    assert declared == {"Absent", "AdultTerms", "Constraint", "ContentTier", "EndUserAge", "Themes"}
    assert not kinds.EndUserAge(demanded=True).passes_plain
    assert not Absent(Reason.TERRITORY).passes_plain
    assert Absent(Reason.ADULT_TERMS, only_adult=True).passes_plain
    assert {"territory", "language", "purpose"} <= REGISTER.keys()
