"""What nobody foresaw is a plain 500 that says nothing but the request's id: a problem, or a page for a person."""

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def problems(database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module under test, over a registry of which only the origin matters."""
    from consent.server import problems as module

    made = SimpleNamespace(
        registry=SimpleNamespace(origin="https://registry.example"),
        web=SimpleNamespace(origins=SimpleNamespace(main="https://registry.example")),
    )
    monkeypatch.setattr(module, "wiring", lambda: made)
    return module


def test_an_unforeseen_error_says_nothing_of_itself(problems: Any, caplog: pytest.LogCaptureFixture) -> None:
    from django.test import RequestFactory

    try:
        raise RuntimeError("planted: born 1990-05-04")
    except RuntimeError:
        with caplog.at_level(logging.ERROR):
            answer = problems.failed(RequestFactory().get("/x"))
    problem = json.loads(answer.content)
    assert (answer.status_code, problem["code"]) == (500, "internal")
    assert set(problem) == {"type", "title", "status", "code", "request_id"}
    assert "planted" not in answer.content.decode()
    assert all("planted" not in record.getMessage() for record in caplog.records)


def test_a_lost_database_is_a_503_that_may_be_tried_again(problems: Any) -> None:
    from django.db import OperationalError
    from django.test import RequestFactory

    answer = problems.answer(RequestFactory().get("/x"), OperationalError("host=planted"))
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert b"planted" not in answer.content


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_person_reads_the_same_failure_as_a_page_with_nothing_of_the_cause(problems: Any) -> None:
    from django.test import RequestFactory

    try:
        raise RuntimeError("planted: born 1990-05-04")
    except RuntimeError:
        answer = problems.failed(RequestFactory().get("/home", headers={"accept": BROWSER}))
    text = answer.content.decode()
    assert answer.status_code == 500 and answer.headers["Content-Type"].startswith("text/html")
    assert "It is our fault" in text and "req_" in text and "planted" not in text
    assert text.count("<h1") == 1 and "<script" not in text


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (404, "not_found", "There is nothing here"),
        (400, "value_invalid", "We could not read"),
        (413, "body_too_large", "That was too much"),
        (503, "stale", "wait a moment"),
    ],
)
def test_each_refusal_says_in_plain_words_what_to_do(
    problems: Any, status: int, error: str, words: str
) -> None:
    from django.test import RequestFactory

    from consent.api.problems import ApiError

    answer = problems.answer(RequestFactory().get("/home", headers={"accept": BROWSER}), ApiError(error))
    assert answer.status_code == status and words in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/v1/nothing", BROWSER),
        ("/.well-known/nothing", BROWSER),
        ("/nothing", "application/json"),
        ("/nothing", "*/*"),
    ],
)
def test_a_program_reads_a_problem(problems: Any, path: str, accept: str) -> None:
    from django.test import RequestFactory

    answer = problems.not_found(RequestFactory().get(path, headers={"accept": accept}))
    assert answer.headers["Content-Type"] == "application/problem+json"
