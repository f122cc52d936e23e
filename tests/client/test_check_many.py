"""Many questions: each distinct one once, in batches, with answers in the order given."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.client.batches import distinct
from consent.client.decision import Decision, Undecided
from consent.client.errors import BadRequest, ConfigurationError, Unavailable, UnreliableAnswer
from tests.client.recorded_registry import NOW, RecordedRegistry, problem


def questions(*performers: str, **more: Any) -> list[dict[str, Any]]:
    return [{"performer": name, "use": "train.voice", **more} for name in performers]


def sent(fake: RecordedRegistry) -> list[list[dict[str, Any]]]:
    return [json.loads(request.body or b"")["checks"] for request in fake.requests]


def test_answers_come_in_the_order_given_and_equal_questions_are_asked_once() -> None:
    fake = RecordedRegistry(verdicts={"external_id:b": ["no_active_consent"]})
    answers = fake.registry().check_many(questions("a", "b", "a", "c", "b"))
    assert [bool(answer) for answer in answers] == [True, False, True, True, False]
    assert [row["performer"] for row in sent(fake)[0]] == ["external_id:a", "external_id:b", "external_id:c"]


def test_ten_thousand_and_one_distinct_questions_are_two_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = RecordedRegistry()
    steps: list[tuple[int, int]] = []
    answers = fake.registry(trust=False).check_many(
        questions(*(f"p{number}" for number in range(10_001))), progress=lambda *done: steps.append(done)
    )
    assert [len(batch) for batch in sent(fake)] == [10_000, 1]
    assert steps == [(10_000, 10_001), (10_001, 10_001)]
    assert all(answers)


def test_equal_questions_whose_outputs_count_ask_for_their_sum() -> None:
    fake = RecordedRegistry()
    asked: list[dict[str, object]] = [
        {"performer": "a", "use": "infer.voice"},
        {"performer": "a", "use": "infer.voice", "quantity": 4},
        {"performer": "a", "use": "train.voice"},
        {"performer": "a", "use": "train.voice"},
    ]
    answers = fake.registry().check_many(asked)
    assert [row.get("quantity") for row in sent(fake)[0]] == [5, None]
    assert [answer.asked["quantity"] for answer in answers if isinstance(answer, Decision)] == [5, 5, 1, 1]


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["infer.voice", "train.voice"]), st.integers(1, 9))
    )
)
def test_merging_loses_no_question_and_no_output(rows: list[tuple[str, str, int]]) -> None:
    askings: list[dict[str, object]] = [{"performer": p, "use": u, "quantity": q} for p, u, q in rows]
    merged = distinct(askings)
    assert len(merged.places) == len(rows)
    for (performer, use, _), place in zip(rows, merged.places, strict=True):
        assert (merged.askings[place]["performer"], merged.askings[place]["use"]) == (performer, use)
    total = sum(quantity for _, use, quantity in rows if use == "infer.voice")
    found = [int(str(each["quantity"])) for each in merged.askings if each["use"] == "infer.voice"]
    assert sum(found) == total


def test_an_empty_list_asks_nothing() -> None:
    fake = RecordedRegistry()
    assert fake.registry().check_many([]) == []
    assert fake.requests == []


def test_one_malformed_question_stops_all_unless_skipping_is_typed_out() -> None:
    fake = RecordedRegistry()
    mixed: list[dict[str, Any]] = [*questions("a"), *questions("b", territory="EU"), *questions("c")]
    with pytest.raises(BadRequest, match="/territory"):
        fake.registry().check_many(mixed)
    assert fake.requests == []
    answers = fake.registry().check_many(mixed, on_error="skip")
    assert [bool(answer) for answer in answers] == [True, False, True]
    assert isinstance(answers[1], Undecided)


def test_an_item_that_the_registry_refuses_stops_all_unless_skipped() -> None:
    def refuse(answer: dict[str, Any]) -> None:
        answer["results"][1] = {"id": "1", "problem": json.loads(problem(400, "use_invalid").body)}

    fake = RecordedRegistry(steps=[refuse])
    with pytest.raises(BadRequest, match="use_invalid"):
        fake.registry(trust=False).check_many(questions("a", "b"))
    fake.steps = [refuse]
    answers = fake.registry(trust=False).check_many(questions("a", "b"), on_error="skip")
    assert [bool(answer) for answer in answers] == [True, False]


def test_skipping_never_skips_an_unavailable_registry() -> None:
    fake = RecordedRegistry(steps=[problem(503, "stale")] * 3)
    with pytest.raises(Unavailable):
        fake.registry().check_many(questions("a"), on_error="skip")


def bend_first(**members: object) -> Any:
    return lambda answer: answer["results"][0].update(members)


@pytest.mark.parametrize(
    "bend",
    [
        lambda answer: answer["results"].pop(),
        lambda answer: answer["results"].append(answer["results"][0]),
        lambda answer: answer["results"].reverse(),
        bend_first(id="7"),
        bend_first(decision="yes"),
        bend_first(problem=json.loads(problem(400, "x").body)),
        bend_first(reasons=["territory"]),
        bend_first(grants=[]),
        bend_first(valid_until="2027-03-01T12:00:00Z"),
        bend_first(asked={"use": "train.voice"}),
        lambda answer: answer["results"][0].pop("asked"),
        lambda answer: answer["results"][0].pop("valid_until"),
        lambda answer: answer["results"][0].pop("decision"),
        lambda answer: answer.__setitem__("livemode", True),
        lambda answer: answer.__setitem__("receipt", None),
        lambda answer: answer.__setitem__("receipt", "a.b.c"),
        lambda answer: answer.__setitem__("position", "ct_other"),
        lambda answer: answer.__setitem__("results", {}),
    ],
)
def test_a_batch_answer_that_is_not_surely_of_this_batch_is_no_answer(bend: Any) -> None:
    with pytest.raises(UnreliableAnswer):
        RecordedRegistry(steps=[bend]).registry().check_many(questions("a", "b"))


@pytest.mark.parametrize(
    "bend",
    [
        bend_first(id="7"),
        bend_first(id="1"),
        bend_first(valid_until="2027-03-01T12:00:00Z"),
        bend_first(asked={"use": "train.voice"}),
        lambda answer: answer["results"].pop(),
        lambda answer: answer["results"].reverse(),
    ],
)
def test_a_batch_is_held_against_its_questions_without_a_trust_file_too(bend: Any) -> None:
    with pytest.raises(UnreliableAnswer):
        RecordedRegistry(steps=[bend]).registry(trust=False).check_many(questions("a", "b"))


def test_two_answers_swapped_between_rows_are_no_answer() -> None:
    def swap(answer: dict[str, Any]) -> None:
        one, two = answer["results"]
        one["id"], two["id"] = two["id"], one["id"]
        answer["results"] = [two, one]

    fake = RecordedRegistry(verdicts={"external_id:b": ["no_active_consent"]}, steps=[swap])
    with pytest.raises(UnreliableAnswer, match="another question"):
        fake.registry().check_many(questions("a", "b"))


def test_all_decisions_of_a_batch_share_one_verified_receipt() -> None:
    answers = RecordedRegistry().registry().check_many(questions("a", "b"))
    receipts = {answer.receipt().token for answer in answers if isinstance(answer, Decision)}
    assert len(receipts) == 1
    first = answers[0]
    assert isinstance(first, Decision)
    assert [item.row for item in first.receipt().verify(at=NOW, allow_test=True).items] == ["0", "1"]


def test_a_question_without_selector_is_refused_before_anything_is_sent() -> None:
    fake = RecordedRegistry()
    with pytest.raises(ConfigurationError, match="exactly one of"):
        fake.registry().check_many([{"use": "train.voice"}])
    assert fake.requests == []
