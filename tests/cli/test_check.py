"""`consent check`: the decision in words and in the exit code."""

import json
import re
from pathlib import Path

import pytest

from consent.client.transport import TransportError
from tests.cli.command import Command
from tests.client.recorded_registry import TEST_KEY, RecordedRegistry, problem

ASK = ("check", "--performer", "demo", "--use", "train.voice", "--territory", "DE")


def test_an_allow_exits_with_0_and_says_what_was_asked() -> None:
    fake = RecordedRegistry()
    command = Command(fake)
    assert command.run(*ASK) == 0
    assert command.out.startswith("allow  (test side)\n")
    assert "performer=external_id:demo" in command.out
    assert re.search(r"^answered in +\d+ ms$", command.out, re.MULTILINE)
    assert "territory=DE" in command.out


def test_a_deny_exits_with_1_and_says_why_and_what_would_help() -> None:
    fake = RecordedRegistry(verdicts={"external_id:demo": ["context_missing"]})
    command = Command(fake)
    assert command.run(*ASK) == 1
    assert command.out.startswith("deny")
    for words in ("context_missing", "territory", "Say in which territory."):
        assert words in command.out


def test_json_is_one_object_on_standard_output() -> None:
    command = Command(RecordedRegistry(verdicts={"external_id:demo": ["term"]}))
    assert command.run(*ASK, "--json") == 1
    assert json.loads(command.out)["reasons"] == ["term"]
    assert command.err == ""


def test_every_option_reaches_the_question() -> None:
    fake = RecordedRegistry()
    more = (
        "--no-commercial", "--quantity", "3", "--themes", "hate", "--themes", "self-harm", "--political",
        "--end-user-scope", "internal", "--purpose", "news", "--at-least", "ct_x", "--explain",
    )  # fmt: skip
    assert Command(fake).run(*ASK, *more) == 0
    sent = json.loads(fake.requests[0].body or b"")
    assert (sent["commercial"], sent["quantity"], sent["political"]) == (False, 3, True)
    assert sent["themes"] == ["hate", "self-harm"]
    assert (sent["at_least"], sent["explain"]) == ("ct_x", True)


def test_a_receipt_is_saved_and_verifies_offline(tmp_path: Path) -> None:
    fake = RecordedRegistry()
    command = Command(fake).trusting(fake.trust, tmp_path)
    receipt = tmp_path / "voice.receipt"
    assert command.run(*ASK, "--receipt", receipt) == 0
    offline = Command(environ=command.environ)
    assert offline.run("verify", "--allow-test", receipt) == 0
    assert offline.out.startswith("valid receipt  (test side)")
    assert offline.run("verify", receipt) == 1
    assert "--allow-test" in offline.err


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (TransportError("no connection"), 3),
        (problem(503, "stale"), 3),
        (problem(500, "internal"), 3),
        (problem(400, "use_invalid"), 2),
        (problem(401, "key_invalid"), 2),
    ],
)
def test_failures_are_one_sentence_and_never_exit_with_0(step: object, code: int) -> None:
    fake = RecordedRegistry(steps=[step] * 3)  # type: ignore[list-item]  # both kinds are steps
    command = Command(fake)
    assert command.run(*ASK) == code
    assert command.err.startswith("consent: ")
    assert command.err.count("\n") == 1
    assert command.out == ""


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "CONSENT_URL is not set"),
        ({"CONSENT_URL": "http://registry.example", "CONSENT_API_KEY": TEST_KEY}, "expected https"),
        ({"CONSENT_URL": "https://registry.example", "CONSENT_API_KEY": "hunter2"}, "expected an API key"),
    ],
)
def test_bad_settings_exit_with_2_without_printing_the_key(environ: dict[str, str], words: str) -> None:
    command = Command(RecordedRegistry(), environ=environ)
    assert command.run(*ASK) == 2
    assert words in command.err
    assert "hunter2" not in command.err


@pytest.mark.parametrize(
    "args",
    [
        ("check",),
        ("check", "--performer", "demo"),
        ("check", "--use", "train.voice"),
        ("check", "--performer", "a", "--model", "mdl_test_x", "--use", "train.voice"),
        ("check", "--performer", "a\x1b[2J", "--use", "train.voice"),
    ],
)
def test_an_incomplete_question_exits_with_2_and_says_what_was_expected(args: tuple[str, ...]) -> None:
    command = Command(RecordedRegistry())
    assert command.run(*args) == 2
    assert "expected" in command.err
    assert "\x1b" not in command.err
