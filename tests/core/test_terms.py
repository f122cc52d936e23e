"""Compiled terms hold what deciding needs and nothing of a person; whatever they cannot read denies."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.core.exclusivity import Exclusive
from consent.core.facts import Facts, GrantFacts, SubjectFacts
from consent.core.policy import decide
from consent.core.reasons import Reason
from consent.core.states import GrantState
from consent.core.term_error import TermError
from consent.core.terms import GrantTerms, LimitsTerms, compile_grant, compile_limits
from tests.core.bodies import grant_body, line_for, question_for
from tests.core.case_files import AT, SIGNED_AT
from tests.core.scenario import asked_of, through_json
from tests.core.strategies import grants
from tests.core.test_wire import JSON_VALUES

Json = dict[str, Any]
MODEST = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def decides(terms: GrantTerms, use: str = "train.voice", **request: Any) -> Any:
    grant = GrantFacts(
        grant="grt_test_one", state=GrantState.ACTIVE, terms=terms, signed_at=SIGNED_AT, usage={}
    )
    subject = SubjectFacts(
        reference="prf_test_one", known=True, grants=(grant,), limits=None, deceased_at=None,
        prior_record=False, ever_signed=True,
    )  # fmt: skip
    facts = Facts(
        livemode=False, caller="org_test_one", licensee="org_test_one", capabilities=frozenset(),
        subjects=(subject,), persona=None, model=None, selector_found=True,
    )  # fmt: skip
    asked = asked_of({"request": {**question_for(use), **request}, "caller": "org_test_one"})
    return decide(asked, facts, AT)


def test_terms_hold_no_name_and_no_description() -> None:
    line = line_for("train.voice", description="PLANTED " * 40)
    body = grant_body(
        [line],
        performer_name="PLANTED",
        licensee={
            "id": "org_test_one",
            "legal_name": "PLANTED",
            "country": "DE",
            "contact": "PLANTED@x.example",
        },
        recipients=[{"id": "org_test_host", "legal_name": "PLANTED", "role": "host"}],
        project={"ref": "PLANTED", "title": "PLANTED"},
        representation={"kind": "agent", "name": "PLANTED"},
        posthumous={"allowed": True, "years": 3, "controller_ref": "PLANTED"},
        prohibitions=[{"PLANTED": ["PLANTED"]}],
        obligations=["PLANTED"],
    )
    line["constraints"].append({"kind": "PLANTED", "v": 1, "PLANTED": "PLANTED"})
    assert "PLANTED" not in json.dumps(compile_grant(body).to_json())
    limits = {"schema": "consent-registry/limits/v1", "never": [{"PLANTED": ["PLANTED"]}]}
    assert "PLANTED" not in json.dumps(compile_limits(limits).to_json())


def test_a_good_body_has_nothing_unknown() -> None:
    terms = through_json(compile_grant(grant_body([line_for("train.voice")])))
    assert terms.unknown == ()
    assert not terms.counted
    assert decides(terms).allowed
    assert compile_grant(grant_body([line_for("publish.stream")])).counted


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"schema": "consent-registry/grant/v2"}, "/schema"),
        ({"lines": "all"}, "/lines/0"),
        ({"lines": [5]}, "/lines/0"),
        ({"valid_from": "soon"}, "/valid_from"),
        ({"valid_until": None}, "/valid_until"),
        ({"posthumous": {"allowed": "yes"}}, "/posthumous"),
        ({"obligations": ["dance.naked"]}, "/obligations/0"),
        ({"obligations": "all"}, "/obligations/0"),
        ({"prohibitions": [{}]}, "/prohibitions/0"),
        ({"prohibitions": "all"}, "/prohibitions/0"),
        ({"prohibitions": [{"uses": []}]}, "/prohibitions/0"),
        ({"prohibitions": [{"uses": ["infer.smell"]}]}, "/prohibitions/0"),
    ],
)
def test_what_cannot_be_read_is_named_and_denies(change: Json, pointer: str) -> None:
    terms = through_json(compile_grant({**grant_body([line_for("train.voice")]), **change}))
    assert any(each.startswith(pointer) for each in terms.unknown), terms.unknown
    assert not decides(terms).allowed


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "territory", "v": 1, "allow": []},
        {"kind": "territory", "v": 1, "allow": ["DE", "DE"]},
        {"kind": "territory", "v": 1, "allow": ["WORLD"], "deny": ["WORLD"]},
        {"kind": "territory", "v": 1, "allow": "DE"},
        {"kind": "territory", "v": 1, "allow": [5]},
        {"kind": "territory", "v": 1, "allow": ["DE"], "mood": "good"},
        {"kind": "territory", "v": True, "allow": ["DE"]},
        {"kind": "territory", "allow": ["DE"]},
        {"kind": "use_line", "v": 1},
        {"kind": "modality", "v": 1},
        {"kind": "commercial", "v": 1, "allowed": 1},
        {"kind": "end_users", "v": 1, "scope": "galactic", "age_assured": False},
        {"kind": "end_users", "v": 1, "scope": "public"},
        {"kind": "max_outputs", "v": 1, "limit": True},
        {"kind": "max_outputs", "v": 1, "limit": 0},
        {"kind": "rate", "v": 1, "per_day": -1},
        {"kind": "model", "v": 1, "ids": ["*"]},
        {"kind": "base_model", "v": 1, "ids": ["*", "base-1"]},
        {"kind": "base_model", "v": 1, "ids": ["has space"]},
        {"kind": "source_material", "v": 1, "sha256": ["A" * 64]},
        {"kind": "language", "v": 1, "ranges": ["*", "de"]},
        {"kind": "term", "v": 1},
        {"kind": "term", "v": 1, "not_before": "2027-01-02T00:00:00Z", "not_after": "2027-01-02T00:00:00Z"},
        {"kind": "term", "v": 1, "not_before": 5},
        {"kind": "themes", "v": 1, "allowed": ["incest"]},
        {"kind": "adult_terms", "v": 1, "terms": ["nudity"], "scene_partners": "anyone"},
        {"kind": "adult_terms", "v": 1, "terms": ["general"], "scene_partners": "none"},
        {"kind": "purpose", "v": 1, "flags": ["audiobook"]},
        {"kind": ["territory"], "v": 1},
        {"v": 1},
        "territory",
        None,
    ],
)
def test_a_constraint_that_cannot_be_read_makes_its_grant_deny(bad: Any) -> None:
    line = line_for("train.voice")
    kind = bad.get("kind") if isinstance(bad, dict) else None
    line["constraints"] = [each for each in line["constraints"] if each["kind"] != kind] + [bad]
    terms = through_json(compile_grant(grant_body([line])))
    assert decides(terms).reasons == (Reason.UNKNOWN_TERM,)


def test_a_kind_of_constraint_stands_once_in_a_line() -> None:
    line = line_for("train.voice")
    line["constraints"].append({"kind": "commercial", "v": 1, "allowed": True})
    assert not decides(compile_grant(grant_body([line]))).allowed


@MODEST
@given(grants("grt_test_one", "train.voice", "org_test_one"))
def test_terms_come_back_from_json_as_they_were(grant: Json) -> None:
    through_json(compile_grant(grant["body"]))


@MODEST
@given(JSON_VALUES)
def test_compiling_never_raises_for_json(value: Any) -> None:
    GrantTerms.from_json(value)
    LimitsTerms.from_json(value)
    if isinstance(value, dict):
        assert not decides(through_json(compile_grant(value))).allowed
        compile_limits(value)


@MODEST
@given(grants("grt_test_one", "train.voice", "org_test_one"), st.data())
def test_a_body_with_one_member_replaced_is_compiled_and_decided(grant: Json, data: st.DataObject) -> None:
    body = grant["body"]
    name = data.draw(st.sampled_from(sorted(body)))
    body[name] = data.draw(JSON_VALUES)
    decides(through_json(compile_grant(body)))


def test_limits_without_a_list_limit_nothing() -> None:
    limits = compile_limits({"schema": "consent-registry/limits/v1"})
    assert (limits.never, limits.unknown) == ((), False)


EXCLUSIVE = {"uses": ["infer.voice"], "until": "2028-01-01T00:00:00Z", "territories": ["DE"]}


@pytest.mark.parametrize(
    ("exclusive", "line", "conflicts"),
    [
        (EXCLUSIVE, line_for("infer.voice"), True),
        (EXCLUSIVE, line_for("train.voice"), False),
        (EXCLUSIVE, line_for("infer.image", uses=["infer"]), True),
        ({**EXCLUSIVE, "uses": ["infer"]}, line_for("infer.image"), True),
        (EXCLUSIVE, line_for("infer.voice", constraints={"territory": {"allow": ["FR"]}}), False),
        (EXCLUSIVE, line_for("infer.voice", constraints={"territory": {"allow": ["WORLD"]}}), True),
        (EXCLUSIVE, line_for("infer.voice", constraints={"territory": {"allow": ["DE-BE"]}}), True),
        ({**EXCLUSIVE, "until": "2027-01-01T00:00:00Z"}, line_for("infer.voice"), False),
        ({"uses": ["infer.voice"], "until": "2028-01-01T00:00:00Z"}, line_for("infer.voice"), True),
    ],
)
def test_exclusivity_conflicts_where_uses_regions_and_time_meet(
    exclusive: Json, line: Json, conflicts: bool
) -> None:
    held = Exclusive.from_body(exclusive)
    assert held is not None
    assert (
        held.conflicts_with(compile_grant(grant_body([line])), at=datetime(2027, 1, 1, tzinfo=UTC))
        is conflicts
    )


@pytest.mark.parametrize("bad", [5, {}, {"uses": ["infer.voice"]}, {**EXCLUSIVE, "territories": ["EU"]}])
def test_exclusivity_that_cannot_be_read_is_refused(bad: Any) -> None:
    with pytest.raises(TermError):
        Exclusive.from_body(bad)
