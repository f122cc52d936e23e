"""What nobody foresaw is a plain 500 problem that says nothing but the request's id."""

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def problems(database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module under test, over a registry of which only the origin matters."""
    from consent.server import problems as module

    made = SimpleNamespace(registry=SimpleNamespace(origin="https://registry.example"))
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
