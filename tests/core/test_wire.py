"""Requests are read strictly, and digests are over RFC 8785 bytes."""

import contextlib
import hashlib
import json
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.core.asked import Asked
from consent.core.complete import StandingContext, complete
from consent.core.decision import Decision, Outcome
from consent.core.facts import Facts, SubjectFacts
from consent.core.policy import decide
from consent.core.reasons import Reason
from consent.core.wire.check import CheckRequest, CheckResponse
from consent.core.wire.decode import decode_batch, decode_check
from consent.core.wire.encode import encode
from consent.core.wire.errors import WireError
from tests.core.reference_words import PURPOSES, THEMES_ALL, TIERS, USES
from tests.core.scenario import asked_of, facts_of
from tests.core.strategies import AT, scenarios

Json = dict[str, Any]
MODEST = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"use": "train.voice", "use": "infer.voice", "performer": "prf_test_one"}', "json_invalid"),
        (b'{"use": "train.voice", "quantity": 1.5}', "json_invalid"),
        (b'{"use": "train.voice", "quantity": 1e2}', "json_invalid"),
        (b'{"use": NaN}', "json_invalid"),
        (b'\xef\xbb\xbf{"use": "train.voice"}', "json_invalid"),
        (b'{"use": "\\ud800"}', "json_invalid"),
        (b"\xff", "json_invalid"),
        (b"", "json_invalid"),
        (b"[" * 100, "json_invalid"),
        (b'{"use": "train.voice", "quantity": 9007199254740993}', "json_invalid"),
        (b" " * 70_000, "json_invalid"),
        (b"[]", "type_invalid"),
        (b"null", "type_invalid"),
        (b"{}", "member_missing"),
        (b'{"use": 5}', "type_invalid"),
        (b'{"use": "train.voice", "performers": "prf_test_one"}', "type_invalid"),
        (b'{"use": "train.voice", "performers": [5]}', "type_invalid"),
        (b'{"use": "train.voice", "receipt": "never"}', "value_invalid"),
        (b'{"use": "train.voice", "explain": 1}', "type_invalid"),
        (b'{"use": "train.voice", "territory": null}', "type_invalid"),
    ],
)
def test_what_is_no_question_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(WireError) as caught:
        decode_check(data)
    assert caught.value.code == code


def test_the_pointer_leads_to_the_fault() -> None:
    with pytest.raises(WireError) as caught:
        decode_check(b'{"use": "train.voice", "performers": ["prf_test_one", 5]}')
    assert caught.value.pointer in ("/performers/1", "/performers/-")


@given(st.binary(max_size=200))
def test_no_foreign_exception_leaks_from_bytes(data: bytes) -> None:
    with contextlib.suppress(WireError):
        decode_check(data)


JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text(max_size=12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
MEMBERS = st.sampled_from([*CheckRequest.__struct_fields__, "colour"])


@MODEST
@given(st.dictionaries(MEMBERS, st.one_of(JSON_VALUES, st.sampled_from([*USES, "prf_test_one"])), max_size=6))
def test_no_foreign_exception_leaks_from_json(document: Json) -> None:
    """Whatever JSON comes, it is a question that is decided, or one kind of error."""
    try:
        request = decode_check(json.dumps(document).encode())
        asked = complete(request, StandingContext(), caller="org_test_one")
    except WireError as fault:
        assert fault.code and fault.rule and fault.expected
        return
    assert not decide(asked, nobodys_facts(), AT).allowed


def nobodys_facts(subjects: tuple[SubjectFacts, ...] = ()) -> Facts:
    return Facts(
        livemode=False,
        caller="org_test_one",
        licensee="org_test_one",
        capabilities=frozenset(),
        subjects=subjects,
        persona=None,
        model=None,
        selector_found=True,
    )


@MODEST
@given(scenarios())
def test_the_digest_is_over_rfc_8785_bytes(scenario: Json) -> None:
    asked = asked_of(scenario)
    assert asked.digest() == hashlib.sha256(rfc8785.dumps(asked.to_json())).hexdigest()


TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from([*USES, *PURPOSES, *TIERS, *THEMES_ALL, "DE", "WORLD", "voice", "face+body", "de"]),
)
ASKED = st.builds(
    Asked,
    caller=st.just("org_test_one"),
    use=TEXTS,
    performers=st.lists(st.sampled_from(["prf_test_one", "prf_test_two"]), max_size=2).map(tuple),
    persona=st.one_of(st.none(), TEXTS),
    model=st.one_of(st.none(), TEXTS),
    grant=st.one_of(st.none(), TEXTS),
    on_behalf_of=st.one_of(st.none(), TEXTS),
    modality=st.one_of(st.none(), TEXTS),
    purpose=st.one_of(st.none(), TEXTS),
    territory=st.one_of(st.none(), TEXTS),
    language=st.one_of(st.none(), TEXTS),
    base_model=st.one_of(st.none(), TEXTS),
    source_material=st.lists(TEXTS, max_size=2).map(tuple),
    content_tier=TEXTS,
    adult_terms=st.lists(TEXTS, max_size=2).map(tuple),
    themes=st.lists(TEXTS, max_size=2).map(tuple),
    flags=st.lists(TEXTS, max_size=2).map(tuple),
    commercial=st.booleans(),
    end_user_scope=TEXTS,
    end_user_age_assured=st.one_of(st.none(), st.booleans()),
    quantity=st.integers(-5, 2**60),
)


@MODEST
@given(ASKED, scenarios())
def test_decide_never_raises_for_any_question_and_facts(asked: Asked, scenario: Json) -> None:
    facts = facts_of(scenario)
    decision = decide(asked, facts, AT)
    assert decision.outcome in Outcome
    asked.digest()


WORD_MEMBERS = ("use", "purpose", "content_tier", "end_user_scope", "themes", "adult_terms", "modality")
WORDS = st.from_regex(r"[a-z][a-z.:-]{0,20}[a-z]", fullmatch=True)


@MODEST
@given(scenarios(), st.sampled_from(WORD_MEMBERS), WORDS)
def test_unknown_words_always_deny(scenario: Json, member: str, word: str) -> None:
    request = scenario["request"]
    unknown = f"{word}-unheard-of"
    request[member] = [unknown] if member in ("themes", "adult_terms") else unknown
    if member == "modality":
        request["use"] = "derive.merge"
    decision = decide(asked_of(scenario), facts_of(scenario), scenario["at"])
    assert not decision.allowed
    assert Reason.UNKNOWN_TERM in decision.reasons


@pytest.mark.parametrize("modality", ["face", "voice+face", "full-likeness", "face+voice", ""])
def test_a_modality_that_differs_from_the_table_denies_where_no_door_refused_it(modality: str) -> None:
    asked = Asked(caller="org_test_one", use="train.voice", performers=("prf_test_one",), modality=modality)
    assert Reason.UNKNOWN_TERM in asked.stops


def test_a_standing_context_is_read_as_strictly_as_a_question() -> None:
    assert StandingContext.from_json({"territory": "DE"}) == StandingContext(territory="DE")
    assert StandingContext(territory="DE", language="de").to_json() == {"territory": "DE", "language": "de"}
    for bad in (
        {"territory": "EU"},
        {"language": "german"},
        {"colour": "red"},
        {"purpose": 5},
        {"base_model": "*"},
    ):
        with pytest.raises(WireError):
            StandingContext.from_json(bad)


def test_a_batch_completes_its_rows_from_its_defaults() -> None:
    batch = decode_batch(
        b'{"defaults": {"use": "train.voice", "performer": "prf_test_one", "territory": "DE"},'
        b' "checks": [{"id": "a"}, {"id": "b", "territory": "FR"}, {"id": "c", "model": "mdl_test_a"}],'
        b' "receipt": "inline"}'
    )
    a, b, c = (batch.requests[place] for place in batch.places)
    assert isinstance(a, CheckRequest) and isinstance(b, CheckRequest) and isinstance(c, CheckRequest)
    assert (a.performer, a.territory, b.territory) == ("prf_test_one", "DE", "FR")
    assert (c.model, c.performer) == ("mdl_test_a", msgspec.UNSET)
    assert batch.receipt == "inline"


def test_a_bad_row_keeps_its_fault_and_spoils_no_other() -> None:
    batch = decode_batch(
        b'{"checks": [{"id": "a", "colour": 1}, {"id": "b", "use": "train.voice"}, {"id": "c"}]}'
    )
    rows = [batch.requests[place] for place in batch.places]
    faults = [(each.code, each.pointer) if isinstance(each, WireError) else None for each in rows]
    assert faults == [("member_unknown", "/colour"), None, ("member_missing", "/use")]
    assert isinstance(rows[0], WireError)
    assert rows[0].under("/checks/0").pointer == "/checks/0/colour"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"checks": []}', "batch_size_invalid"),
        (b'{"checks": [{"use": "train.voice"}]}', "row_id_invalid"),
        (b'{"checks": [{"id": 5}]}', "row_id_invalid"),
        (b'{"checks": [{"id": "a"}, {"id": "a"}]}', "row_id_repeated"),
        (b'{"checks": [5]}', "type_invalid"),
        (b'{"checks": [{"id": "a"}], "colour": 1}', "member_unknown"),
        (b'{"checks": [{"id": "a"}], "defaults": {"colour": 1}}', "member_unknown"),
        (b'{"checks": [{"id": "a"}], "defaults": null}', "type_invalid"),
        (b"{}", "member_missing"),
    ],
)
def test_a_batch_that_is_none_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(WireError) as caught:
        decode_batch(data)
    assert caught.value.code == code


def test_an_answer_is_written_as_rfc_8785_writes_it() -> None:
    response = CheckResponse(
        decision="deny", decision_id="dec_x", livemode=False, asked={"use": "train.voice", "caller": "ö😀\u2028"},
        grants=[], reasons=["territory"], missing=[], next_step=None, obligations=[], position="ct_x",
        as_of="2026-12-02T10:00:00.123Z", valid_until="2026-12-02T10:05:00Z", record_sha256=None, receipt=None,
    )  # fmt: skip
    data = encode(response)
    assert data == rfc8785.dumps(json.loads(data))
    assert "explanation" not in json.loads(data)


def test_a_decision_is_a_value() -> None:
    decision = Decision(outcome=Outcome.ALLOW, valid_for_s=300)
    assert decision.allowed
    with pytest.raises(AttributeError):
        decision.valid_for_s = 5  # type: ignore[misc]  # refused at run time too: that is the point
