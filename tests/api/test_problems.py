"""Problems: one table, every error in it, the same shape whatever went wrong."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House

CONSENT = Path(__file__).parents[2] / "consent"


def _subclasses(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


def test_every_error_of_the_registry_has_a_row_in_the_table(house: "House") -> None:
    from consent.api.problems import to_api_error
    from consent.core.wire.problem_kinds import KINDS
    from consent.registry.errors import RegistryError

    hold = {"hold": "hld_x", "ground": "a claim", "until": datetime(2027, 1, 1, tzinfo=UTC)}
    named: dict[str, dict[str, Any]] = {"OnLegalHold": hold}
    arguments: dict[str, tuple[Any, ...]] = {
        "OfferInvalid": ([("/lines", "rule", "this", "that")],),
        "AlreadyEnded": ("evt_x",),
        "CounterExhausted": ("grt_x", "l1", "rate"),
    }
    for kind in _subclasses(RegistryError):
        error = to_api_error(kind(*arguments.get(kind.__name__, ()), **named.get(kind.__name__, {})))
        assert error.code in KINDS and error.code != "internal", kind


def test_every_failure_of_the_log_that_passes_is_a_503_and_no_other_says_what_it_was(house: "House") -> None:
    from consent.api.problems import to_api_error
    from consent.core.wire.problem_kinds import KINDS
    from consent.log import errors

    passing = {
        "CommitUnknownError", "NotInitialisedError", "RolledBackError", "GuardUnavailableError", "StoreError",
        "StoreUnavailableError", "KeyStoreError", "KeyStoreUnavailableError", "UnsafeDatabaseError",
        "LedgerError", "SegmentBrokenError",
    }  # fmt: skip
    for kind in _subclasses(errors.LogError):
        status = KINDS[to_api_error(kind("x")).code].status
        assert (status == 503) == (kind.__name__ in passing), (kind, status)


def test_every_code_that_the_core_refuses_a_question_with_has_a_row(house: "House") -> None:
    from consent.core.wire.problem_kinds import KINDS

    codes = set()
    for path in (CONSENT / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "WireError":
                last = node.args[4]
                if isinstance(last, ast.Constant):
                    codes.add(last.value)
                elif isinstance(last, ast.IfExp):
                    codes |= {
                        each.value for each in (last.body, last.orelse) if isinstance(each, ast.Constant)
                    }
    tokens = {f"{name}_invalid" for name in ("use", "purpose", "content_tier", "end_user_scope", "modality")}
    sets = {f"{name}_invalid" for name in ("adult_terms", "themes", "source_material")}
    assert len(codes) > 10
    assert codes | tokens | sets <= set(KINDS)


def test_a_problem_has_the_shape_of_rfc_9457_and_names_its_request(house: "House") -> None:
    from tests.api.house import client

    body = {"performer": "prf_" + "a" * 26, "use": "train.voice", "language": "german"}
    answer = client(house)("POST", "/v1/check", body)
    assert answer.status == 400 and answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json
    assert problem["type"] == "https://registry.example/docs/problems/language-invalid"
    assert (problem["status"], problem["code"]) == (400, "language_invalid")
    assert problem["title"] == "Language is not a BCP 47 tag"
    assert (
        problem["request_id"].startswith("req_") and problem["request_id"] == answer.headers["X-Request-Id"]
    )
    assert problem["errors"] == [
        {"pointer": "/language", "rule": "bcp47", "expected": "a tag such as de or pt-BR", "got": "german"}
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1", 404, "not_found"),
        ("GET", "/v1/offers/off_UPPER", 404, "not_found"),
        ("GET", "/v1/offers/%00", 404, "not_found"),
        ("GET", "/v1/offers/" + "a" * 5000, 404, "not_found"),
        ("GET", "/v1/check", 405, "method_not_allowed"),
        ("DELETE", "/v1/organization", 405, "method_not_allowed"),
        ("TRACE", "/v1/check", 405, "method_not_allowed"),
        ("OPTIONS", "/v1/check", 405, "method_not_allowed"),
    ],
)
def test_addresses_and_methods_that_do_not_exist_are_problems_too(
    house: "House", method: str, path: str, status: int, code: str
) -> None:
    from tests.api.house import client

    answer = client(house)(method, path)
    assert (answer.status, answer.json["code"]) == (status, code)
    if status == 405:
        assert "POST" in answer.headers["Allow"] or "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("application/*;q=0.5, text/html", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("text/csv", 406),
        (";;;,,,", 406),
    ],
)
def test_only_what_the_asker_accepts_is_answered(house: "House", accept: str, status: int) -> None:
    from tests.api.house import client

    answer = client(house)("GET", "/v1/organization", headers={"Accept": accept})
    assert answer.status == status
    if status == 406:
        assert answer.json["code"] == "not_acceptable"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "", "json"],
)
def test_a_body_of_another_type_is_refused(house: "House", content_type: str) -> None:
    from tests.api.house import client

    answer = client(house)(
        "POST", "/v1/check", data=b'{"use":"train.voice"}', headers={"Content-Type": content_type}
    )
    assert (answer.status, answer.json["code"]) == (415, "content_type_unsupported")


def test_a_coded_body_is_refused(house: "House") -> None:
    from tests.api.house import client

    answer = client(house)("POST", "/v1/check", data=b"{}", headers={"Content-Encoding": "gzip"})
    assert answer.status == 415


def test_a_body_beyond_the_calls_bound_is_refused_before_it_is_read(house: "House") -> None:
    from tests.api.house import client

    answer = client(house)("POST", "/v1/check", data=b" " * (64 * 1024 + 1))
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")


def test_a_missing_body_is_named(house: "House") -> None:
    from tests.api.house import client

    assert client(house)("POST", "/v1/check").json["code"] == "body_missing"


@pytest.mark.parametrize("query", ["?colour=blue", "?limit=0", "?limit=101", "?limit=1&limit=2", "?limit=x",
                                   "?created_after=yesterday", "?created_after=2026-02-30T00:00:00Z",
                                   "?status=lost", "?q=%00", "?cursor=%20"])  # fmt: skip
def test_unknown_repeated_and_malformed_parameters_are_refused_by_name(house: "House", query: str) -> None:
    from tests.api.house import client

    answer = client(house)("GET", f"/v1/offers{query}")
    assert answer.status == 400 and answer.json["code"] == "parameter_invalid"
    assert answer.json["errors"][0]["pointer"] == "/" + query[1:].partition("=")[0]


def test_what_nobody_foresaw_is_a_500_that_says_nothing(
    house: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.api.v1 import organization
    from tests.api.house import client

    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError("Adelheid Querfurth")

    monkeypatch.setattr(organization, "update_organization", explode)
    answer = client(house)("PATCH", "/v1/organization", {"legal_name": "Other GmbH"})
    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert b"Querfurth" not in answer.data and "detail" not in answer.json
