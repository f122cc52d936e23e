"""Batches: one position, independent rows, a fault stays with its row, one receipt."""

from typing import TYPE_CHECKING, Any

import pytest

# The key; BEGIN, isolation, head, clock; references, the pair's facts; receipt and record in a transaction.
MAX_QUERIES = 19

if TYPE_CHECKING:
    from tests.api.house import House


def _batch(of: Any, rows: list[dict[str, Any]], **members: Any) -> Any:
    from tests.api.house import QUESTION

    body = {"defaults": QUESTION, "checks": rows, **members}
    return of.pipeline("POST", "/v1/check/batch", body)


def test_rows_are_answered_in_order_at_one_position_under_one_receipt(house: "House") -> None:
    from signing.receipt import verify_receipt
    from tests.api.house import granted

    of = granted(house)
    rows = [
        {"id": "row-1", "performer": of.reference},
        {"id": "row-2", "performer": "prf_" + "b" * 26},
        {"id": "row-3", "performer": of.reference, "use": "train.likeness"},
    ]
    answer = _batch(of, rows, nonce="batch-1")
    assert answer.status == 200, answer.json
    results = answer.json["results"]
    assert [each["id"] for each in results] == ["row-1", "row-2", "row-3"]
    assert [each["decision"] for each in results] == ["allow", "deny", "deny"]
    receipt = verify_receipt(
        answer.json["receipt"],
        trust=house.trust,
        at=house.world.clock(),
        expected_audience=of.pipeline.organization,
    )
    assert receipt.batch and (receipt.nonce, receipt.position) == ("batch-1", answer.json["position"])
    assert [item.row for item in receipt.items] == ["row-1", "row-2", "row-3"]
    fetched = of.pipeline("GET", f"/v1/receipts/{results[1]['decision_id']}").json
    assert fetched["decision"] == "deny"
    later = verify_receipt(
        fetched["receipt"],
        trust=house.trust,
        at=house.world.clock(),
        expected_audience=of.pipeline.organization,
    )
    assert (later.receipt_id, later.position) == (receipt.receipt_id, receipt.position)
    assert [item.row for item in later.items] == [later.salted(f"row-{n}") for n in (1, 2, 3)]
    assert [item.record_sha256 for item in later.items] == [item.record_sha256 for item in receipt.items]


def test_a_row_at_fault_is_a_problem_of_its_own_and_the_others_are_answered(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    rows = [
        {"id": "1", "performer": of.reference},
        {"id": "2", "performer": of.reference, "language": "german"},
        {"id": "3", "performer": of.reference, "colour": "blue"},
        {"id": "4", "performer": of.reference, "receipt": "inline"},
        {"id": "5", "performer": of.reference, "persona": "per_" + "a" * 26},
        {"id": "6", "performer": 6},
    ]
    results = _batch(of, rows).json["results"]
    assert results[0]["decision"] == "allow"
    problems = [each["problem"] for each in results[1:]]
    assert [each["code"] for each in problems] == [
        "language_invalid",
        "member_unknown",
        "member_unknown",
        "selector_conflict",
        "type_invalid",
    ]
    assert [each["errors"][0]["pointer"] for each in problems] == [
        "/language",
        "/colour",
        "/receipt",
        "/persona",
        "/performer",
    ]
    assert all("decision" not in each for each in results[1:])


def test_a_batch_without_any_decision_has_no_receipt(house: "House") -> None:
    from tests.api.house import granted

    answer = _batch(granted(house), [{"id": "1"}]).json
    assert answer["receipt"] is None and answer["results"][0]["problem"]["code"] == "selector_missing"


def test_a_batch_equals_its_items(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    rows: list[dict[str, Any]] = [
        {"id": "1", "performer": of.reference},
        {"id": "2", "performer": of.reference, "territory": "FR", "purpose": "political"},
        {"id": "3", "performers": [of.reference, "prf_" + "c" * 26]},
        {"id": "4", "grant": of.grant, "use": "infer.voice", "end_user_age_assured": False},
    ]
    together = _batch(of, rows).json["results"]
    for row, result in zip(rows, together, strict=True):
        from tests.api.house import QUESTION

        alone = of.pipeline(
            "POST", "/v1/check", {**QUESTION, **{k: v for k, v in row.items() if k != "id"}}
        ).json
        for member in ("decision", "asked", "grants", "reasons", "missing", "obligations", "valid_until"):
            assert alone[member] == result[member], (row, member)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"checks": []}, "batch_size_invalid", "/checks"),
        ({"checks": [{"performer": "x"}]}, "row_id_invalid", "/checks/0/id"),
        ({"checks": [{"id": "a"}, {"id": "a"}]}, "row_id_repeated", "/checks/1/id"),
        ({"checks": [{"id": "a\u0000"}]}, "row_id_invalid", "/checks/0/id"),
        ({"checks": [{"id": "1"}], "defaults": None}, "type_invalid", "/defaults"),
        ({"checks": [{"id": "1"}], "at_least": "x"}, "value_invalid", "/at_least"),
        ({"checks": [{"id": "1"}], "nonce": "\u00e9"}, "value_invalid", "/nonce"),
        ({"checks": {}}, "type_invalid", "/checks"),
        ({}, "member_missing", "/checks"),
    ],
)
def test_a_fault_of_the_whole_names_its_pointer(house: "House", body: Any, code: str, pointer: str) -> None:
    from tests.api.house import client

    answer = client(house)("POST", "/v1/check/batch", body)
    assert (answer.status, answer.json["code"]) == (400, code), answer.json
    assert answer.json["errors"][0]["pointer"] == pointer


def test_ten_thousand_rows_are_one_batch_and_one_more_is_refused(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    rows = [{"id": str(place), "performer": of.reference} for place in range(10_001)]
    assert _batch(of, rows).json["code"] == "batch_size_invalid"
    answer = _batch(of, rows[:-1])
    assert answer.status == 200 and len(answer.json["results"]) == 10_000
    assert {each["decision"] for each in answer.json["results"]} == {"allow"}


def test_counted_rows_count_apart_and_the_one_too_many_is_denied(house: "House") -> None:
    from tests.api.house import granted
    from tests.registry.terms import COUNTED, terms

    of = granted(house, terms=terms(COUNTED))
    speak = {"performer": of.reference, "use": "infer.voice", "end_user_age_assured": False, "quantity": 4}
    rows = [{"id": str(place), **speak} for place in range(3)]
    results = _batch(of, rows, nonce="b").json["results"]
    assert [each["decision"] for each in results] == ["allow", "allow", "deny"]
    assert results[2]["reasons"] == ["max_outputs"]
    again = _batch(of, rows, nonce="b").json["results"]
    assert [each["decision"] for each in again] == ["allow", "allow", "deny"]


def test_the_number_of_queries_of_a_check_and_a_batch_does_not_grow_with_the_rows(house: "House") -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.api.house import granted

    of = granted(house)
    granted(house, pipeline=of.pipeline)
    of.ask()  # whatever is read once a process is read now
    with CaptureQueriesContext(connection) as single:
        assert of.ask().status == 200
    counts = []
    for size in (1, 500):
        rows = [
            {"id": str(place), "performer": of.reference, "territory": ("DE", "FR")[place % 2]}
            for place in range(size)
        ]
        with CaptureQueriesContext(connection) as batch:
            assert _batch(of, rows).status == 200
        counts.append(len(batch))
    assert counts == [len(single)] * 2
    assert len(single) <= MAX_QUERIES, [query["sql"][:120] for query in single]
