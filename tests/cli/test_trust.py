"""`consent trust`: fetch once, look, keep."""

import json
from pathlib import Path

from consent.client.transport import HttpResponse
from tests.cli.command import Command
from tests.client.recorded_registry import URL, RecordedRegistry, json_response


def test_a_fetched_trust_file_is_saved_as_it_came_and_shown(tmp_path: Path) -> None:
    fake = RecordedRegistry()
    command = Command(fake, environ={"CONSENT_URL": URL})
    path = tmp_path / "trust.json"
    assert command.run("trust", "fetch", "--out", path) == 0
    for key in fake.trust.keys:
        assert key.kid in command.out
    assert "Authorization" not in fake.requests[0].headers
    show = Command(environ={"CONSENT_TRUST": str(path)})
    assert show.run("trust", "show") == 0
    assert show.out == command.out
    assert show.run("trust", "show", path, "--json") == 0
    assert json.loads(show.out) == json.loads(path.read_bytes())


def test_a_trust_file_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    path.write_text("old")
    command = Command(RecordedRegistry(), environ={"CONSENT_URL": URL})
    assert command.run("trust", "fetch", "--out", path) == 2
    assert path.read_text() == "old"
    assert command.run("trust", "fetch", "--out", path, "--replace") == 0
    assert path.read_text() != "old"


def test_what_is_no_trust_file_is_not_saved(tmp_path: Path) -> None:
    answers = [json_response({"schema": "x"}), HttpResponse(status=200, headers={}, body=b"x")]
    for answer in answers:
        command = Command(RecordedRegistry(steps=[answer]), environ={"CONSENT_URL": URL})
        assert command.run("trust", "fetch", "--out", tmp_path / "t") == 3
    assert list(tmp_path.iterdir()) == []


def test_show_without_a_file_says_how_to_get_one() -> None:
    command = Command(environ={})
    assert command.run("trust", "show") == 2
    assert "consent trust fetch" in command.err
