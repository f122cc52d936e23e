"""Monotone (DECIDING 31): what narrows never turns a deny into an allow.

Read the other way round, which hypothesis can search: whenever the narrowed scenario is allowed, the
wider one is allowed too.
"""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from consent.core.policy import decide
from tests.core.scenario import asked_of, facts_of
from tests.core.strategies import _CONSTRAINTS, changed, prohibitions, scenarios

Json = dict[str, Any]
MODEST = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
# Counts narrow by number, the others by set. A rate or count added to a line without counts narrows too.
_SETS = {
    "territory": "allow",
    "language": "ranges",
    "base_model": "ids",
    "model": "ids",
    "source_material": "sha256",
    "themes": "allowed",
    "adult_terms": "terms",
    "purpose": "flags",
}


def allowed(scenario: Json) -> bool:
    return decide(asked_of(scenario), facts_of(scenario), scenario["at"]).allowed


def never_widens(scenario: Json, narrower: Json) -> None:
    assert allowed(scenario) or not allowed(narrower)


def pick_grant(data: st.DataObject, scenario: Json) -> Json:
    everyone = [grant for subject in scenario["subjects"] for grant in subject["grants"]]
    assume(everyone)
    return data.draw(st.sampled_from(everyone))


def pick_line(data: st.DataObject, scenario: Json) -> Json:
    return data.draw(st.sampled_from(pick_grant(data, scenario)["body"]["lines"]))


@MODEST
@given(scenarios(), st.data())
def test_adding_a_prohibition(scenario: Json, data: st.DataObject) -> None:
    narrower = changed(scenario)
    body = pick_grant(data, narrower)["body"]
    body["prohibitions"] = [*body.get("prohibitions", ()), data.draw(prohibitions())]
    never_widens(scenario, narrower)


@MODEST
@given(scenarios(), st.data())
def test_adding_a_limit(scenario: Json, data: st.DataObject) -> None:
    narrower = changed(scenario)
    assume(narrower["subjects"])
    subject = data.draw(st.sampled_from(narrower["subjects"]))
    limits = subject.setdefault("limits", {"schema": "consent-registry/limits/v1"})
    limits["never"] = [*limits.get("never", ()), data.draw(prohibitions())]
    never_widens(scenario, narrower)


@MODEST
@given(scenarios(), st.data())
def test_adding_a_constraint(scenario: Json, data: st.DataObject) -> None:
    narrower = changed(scenario)
    line = pick_line(data, narrower)
    present = {each["kind"] for each in line.get("constraints", ())}
    # Territory, languages, … that a use needs narrow nothing to something when they are added: they are
    # the allowance itself, as are listed flags, themes and adult terms.
    kinds = {"model", "source_material", "rate", "term"} - present
    if not {"max_outputs"} & present and not line["uses"][0].startswith("publish"):
        kinds.add("max_outputs")
    assume(kinds)
    kind = data.draw(st.sampled_from(sorted(kinds)))
    counts_adult = kind in ("rate", "max_outputs") and not {"rate", "max_outputs"} & present
    assume(not counts_adult or line.get("content_max", "general") in ("general", "suggestive"))
    line["constraints"] = [
        *line.get("constraints", ()),
        {"kind": kind, "v": 1, **data.draw(_CONSTRAINTS[kind])},
    ]
    never_widens(scenario, narrower)


@MODEST
@given(scenarios(), st.data())
def test_removing_a_line(scenario: Json, data: st.DataObject) -> None:
    narrower = changed(scenario)
    lines = pick_grant(data, narrower)["body"]["lines"]
    assume(all(line_is_known(line) for line in lines))
    lines.remove(data.draw(st.sampled_from(lines)))
    assume(lines)
    never_widens(scenario, narrower)


def line_is_known(line: Json) -> bool:
    """Removing what nobody knows is mending a grant, not narrowing it."""
    return all(each["v"] == 1 and each["kind"] != "moon_phase" for each in line.get("constraints", ()))


@MODEST
@given(scenarios(), st.data())
def test_removing_a_grant(scenario: Json, data: st.DataObject) -> None:
    narrower = changed(scenario)
    subjects = [subject for subject in narrower["subjects"] if subject["grants"]]
    assume(subjects)
    listed = data.draw(st.sampled_from(subjects))["grants"]
    listed.remove(data.draw(st.sampled_from(listed)))
    never_widens(scenario, narrower)


@MODEST
@given(scenarios(), st.data())
def test_narrowing_a_set(scenario: Json, data: st.DataObject) -> None:
    narrower = changed(scenario)
    line = pick_line(data, narrower)
    sets = [
        (each, _SETS[each["kind"]])
        for each in line.get("constraints", ())
        if each["v"] == 1 and len(each.get(_SETS.get(each["kind"], ""), ())) > 1
    ]
    sets += [(line, name) for name in ("modalities", "purposes") if len(line.get(name, ())) > 1]
    assume(sets)
    holder, name = data.draw(st.sampled_from(sets))
    holder[name].remove(data.draw(st.sampled_from(holder[name])))
    never_widens(scenario, narrower)


@MODEST
@given(scenarios(), st.data())
def test_narrowing_a_value(scenario: Json, data: st.DataObject) -> None:
    narrower = changed(scenario)
    line = pick_line(data, narrower)
    for each in line.get("constraints", ()):
        match each:
            case {"kind": "commercial"}:
                each["allowed"] = False
            case {"kind": "end_users"}:
                each.update(scope="internal", age_assured=True)
            case {"kind": "max_outputs"}:
                each["limit"] = 1
            case {"kind": "rate", "v": 1}:
                each["per_day"] = 1
    if "content_max" in line and data.draw(st.booleans()):
        line["content_max"] = "general"
    never_widens(scenario, narrower)


@MODEST
@given(scenarios(), st.sampled_from([-4000, -300, 1, 700, 4000]))
def test_moving_the_instant_out_of_the_window(scenario: Json, days: int) -> None:
    """Out of every window: before all starts or after all ends; nobody comes back to life meanwhile."""
    moved = changed(scenario)
    moved["at"] = scenario["at"] + timedelta(days=days)
    bodies = [grant["body"] for subject in scenario["subjects"] for grant in subject["grants"]]
    day = moved["at"].isoformat()
    assume(bodies and all(not body["valid_from"] <= day < body["valid_until"] for body in bodies))
    assert not allowed(moved)


@MODEST
@given(scenarios(), st.sampled_from(["suspended", "revoked", "expired", "voided"]), st.data())
def test_stopping_a_grant(scenario: Json, state: str, data: st.DataObject) -> None:
    narrower = changed(scenario)
    pick_grant(data, narrower)["state"] = state
    never_widens(scenario, narrower)


@MODEST
@given(scenarios())
def test_leaving_something_out_of_a_question_gains_nothing_that_was_denied_for_money_or_scope(
    scenario: Json,
) -> None:
    wider = changed(scenario)
    for name in ("commercial", "end_user_scope"):
        wider["request"].pop(name, None)
    assert allowed(scenario) or not allowed(wider)


@MODEST
@given(st.lists(scenarios(), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_a_batch_equals_its_items(batch: list[Json], chance: Any) -> None:
    """Deciding leaves nothing behind: the same facts, asked in another order, answer alike."""
    prepared = [(asked_of(each), facts_of(each), each["at"]) for each in batch]
    alone = [decide(*each) for each in prepared]
    order = list(range(len(prepared)))
    chance.shuffle(order)
    again = {place: decide(*prepared[place]) for place in order}
    assert [again[place] for place in range(len(prepared))] == alone
