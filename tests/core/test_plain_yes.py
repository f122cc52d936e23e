"""The short way to an allow finds no other decision than the long one, and ends at whatever is peculiar."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from consent.core.facts import Facts
from consent.core.plain_yes import plain_yes
from consent.core.policy import decide
from tests.core.bodies import grant_body, line_for
from tests.core.scenario import asked_of, facts_of
from tests.core.strategies import scenarios

Json = dict[str, Any]
AT = datetime(2027, 6, 1, 12, tzinfo=UTC)
MANY = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(scenarios())
def test_the_short_way_decides_as_the_long_one(scenario: Json) -> None:
    asked, facts, at = asked_of(scenario), facts_of(scenario), scenario["at"]
    whole = decide(asked, facts, at, watch=lambda *_: None)  # who watches sees everything weighed
    assert plain_yes(asked, facts, at) in (None, whole)
    assert decide(asked, facts, at) == whole


@MANY
@given(scenarios())
def test_the_facts_of_one_performer_alone_are_allowed_or_left_to_be_weighed(scenario: Json) -> None:
    """The same on the scenario's first performer, grant and line: what the short way is for."""
    for selector in ("performers", "persona", "model", "grant", "external_id", "on_behalf_of"):
        scenario["request"].pop(selector, None)
    scenario["request"]["performer"] = "prf_test_nobody"
    scenario["subjects"] = scenario["subjects"][:1]
    for subject in scenario["subjects"]:
        subject["grants"] = subject["grants"][:1]
        scenario["request"]["performer"] = subject["reference"]
    asked, facts, at = asked_of(scenario), facts_of(scenario), scenario["at"]
    assert plain_yes(asked, facts, at) in (None, decide(asked, facts, at, watch=lambda *_: None))


def test_the_commonest_question_is_allowed_the_short_way() -> None:
    scenario = _scenario()
    found = plain_yes(asked_of(scenario), facts_of(scenario), AT)
    assert found is not None and found.allowed and found.grants == ("grt_test_one",)
    assert found == decide(asked_of(scenario), facts_of(scenario), AT, watch=lambda *_: None)


def test_the_last_seconds_of_a_term_shorten_the_answer_also_the_short_way() -> None:
    scenario = _scenario()
    asked, facts = asked_of(scenario), facts_of(scenario)
    assert facts.alone is not None
    for before in (timedelta(seconds=7), timedelta(microseconds=1), timedelta(days=1), timedelta(minutes=5)):
        at = facts.alone.ends - before
        whole = decide(asked, facts, at, watch=lambda *_: None)
        assert plain_yes(asked, facts, at) == whole
        assert whole.valid_for_s == min(asked.valid_for_s, before // timedelta(seconds=1))
    assert plain_yes(asked, facts, facts.alone.ends) is None


@pytest.mark.parametrize(
    "peculiar",
    [
        {"known": False},
        {"deceased_at": AT - timedelta(days=1)},
        {"grants": []},
        {"limits": {"schema": "consent-registry/limits/v9", "never": []}},
        {"limits": {"schema": "consent-registry/limits/v1", "never": [{"uses": ["train"]}]}},
        {"state": "suspended"},
        {"reference": "prf_test_other"},
    ],
)
def test_whatever_is_peculiar_is_weighed_whole(peculiar: Json) -> None:
    scenario = _scenario()
    subject = scenario["subjects"][0]
    if "state" in peculiar:
        subject["grants"][0]["state"] = peculiar["state"]
    else:
        subject.update(peculiar)
    assert plain_yes(asked_of(scenario), facts_of(scenario), AT) is None
    assert not decide(asked_of(scenario), facts_of(scenario), AT).allowed


@pytest.mark.parametrize(
    "change",
    [
        {"over_quota": True},
        {"selector_found": False},
        {"licensee": "org_test_other"},
        {"subjects": ()},
    ],
)
def test_facts_that_are_not_plain_are_weighed_whole(change: Json) -> None:
    scenario = _scenario()
    changed: Facts = replace(facts_of(scenario), **change)
    assert changed.alone is None
    assert not decide(asked_of(scenario), changed, AT).allowed


def test_a_prohibition_an_obligation_that_is_not_met_and_a_count_are_weighed_whole() -> None:
    reached = _scenario(prohibitions=[{"uses": ["train"]}])
    assert plain_yes(asked_of(reached), facts_of(reached), AT) is None
    untouched = _scenario(prohibitions=[{"uses": ["infer"]}])
    assert plain_yes(asked_of(untouched), facts_of(untouched), AT) is not None
    shown = _scenario("infer.voice", obligations=["label.audible"])
    assert plain_yes(asked_of(shown), facts_of(shown), AT) is None
    met = plain_yes(asked_of(shown), replace(facts_of(shown), capabilities=frozenset({"label.audible"})), AT)
    assert met is not None and met.obligations == ("label.audible",)
    counted = _scenario("publish.stream")
    assert plain_yes(asked_of(counted), facts_of(counted), AT) is None
    assert decide(asked_of(counted), facts_of(counted), AT).claims


def _scenario(use: str = "train.voice", **changes: Any) -> Json:
    body = {**grant_body([line_for(use, id="l1")], id="grt_test_one"), **changes}
    return {
        "caller": "org_test_a",
        "licensee": "org_test_a",
        "request": {"performer": "prf_test_one", "use": use, "modality": "voice", "purpose": "audiobook",
                    "territory": "DE", "language": "de", "base_model": "base-1"},
        "at": AT,
        "subjects": [
            {"reference": "prf_test_one", "known": True,
             "grants": [{"id": "grt_test_one", "state": "active", "body": body,
                         "signed_at": AT - timedelta(days=30), "usage": {}}]}
        ],
    }  # fmt: skip
