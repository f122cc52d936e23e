"""Hostile files, answers and words at every parser of the client: a readable error, never a traceback."""

import base64
import json
import zlib
from pathlib import Path

import pytest

from consent.client.errors import ConsentError
from consent.client.transport import HttpResponse
from tests.cli.command import Command
from tests.client.recorded_performer_side import RecordedPerformerSide
from tests.client.recorded_registry import URL, RecordedRegistry
from tests.signing.samples import NOW, trust

HOSTILE = Path(__file__).parents[1] / "vectors" / "hostile"
PARSING = [
    zlib.decompress(base64.b64decode(json.loads(line)["zlib_b64"]))
    for line in (HOSTILE / "json-parsing.jsonl").read_text().splitlines()
]
NAUGHTY: list[str] = json.loads((HOSTILE / "naughty-strings.json").read_text())
CONFUSABLE = [each["char"] for each in json.loads((HOSTILE / "confusables-ascii.json").read_text())]
JSON = {"content-type": "application/json"}


def readable(command: Command) -> bool:
    """One printable sentence on standard error, or a verdict on standard output."""
    return all(line.isprintable() for line in (command.out + command.err).splitlines())


def test_hostile_documents_are_invalid_or_unusable(tmp_path: Path) -> None:
    path = tmp_path / "document"
    for data in (*PARSING, *(text.encode("utf-8", "surrogatepass") for text in NAUGHTY[::10])):
        path.write_bytes(data)
        command = Command(environ={}, now=NOW).trusting(trust(), tmp_path)
        code = command.run("verify", path)
        assert code == (1 if data else 2)
        assert readable(command)
        as_trust = Command(environ={})
        assert as_trust.run("trust", "show", path) == 2
        assert readable(as_trust)


def test_hostile_key_files_are_readable_errors(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for data in PARSING:
        path.write_bytes(data)
        command = Command(environ={"CONSENT_URL": URL}, answers=["passphrase"])
        assert command.run("performer", "status", "--key", path) == 2
        assert readable(command)


def test_hostile_answers_never_allow() -> None:
    for data in PARSING:
        for answer in (
            HttpResponse(status=200, headers=JSON, body=data),
            HttpResponse(status=400, headers={"content-type": "application/problem+json"}, body=data),
        ):
            command = Command(RecordedRegistry(steps=[answer]))
            assert command.run("check", "--performer", "a", "--use", "train.voice") in {2, 3}
            assert command.out == ""
            assert readable(command)


def test_hostile_answers_to_a_performer_are_readable_errors(tmp_path: Path) -> None:
    key = tmp_path / "key"
    environ = {"CONSENT_URL": URL, "CONSENT_PERFORMER_KEY": str(key)}
    assert Command(environ=environ).run("performer", "key", "--plain") == 0
    for data in PARSING:
        page = HttpResponse(status=200, headers=JSON, body=data)
        side = RecordedPerformerSide(pages={"/v1/me": page, "/v1/me/grants": page, "/v1/me/limits": page})
        for verb in ("status", "grants", "limits"):
            command = Command(side, environ=environ)
            assert command.run("performer", verb) in {2, 3}
            assert readable(command)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_hostile_manifests_are_never_allowed(tmp_path: Path, suffix: str) -> None:
    for number, data in enumerate(PARSING):
        path = tmp_path / f"m{number}{suffix}"
        path.write_bytes(data)
        command = Command(RecordedRegistry())
        args = ("--column", "performer=speaker", "--set", "use=train.voice")
        code = command.run("scan", path, *args, "--report", tmp_path / f"r{number}", "--quiet")
        assert code in {1, 2}
        assert readable(command)


def test_naughty_names_in_a_manifest_are_verdicts_not_tracebacks(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    names = [*NAUGHTY, *CONFUSABLE]
    path.write_text("".join(json.dumps({"speaker": name}) + "\n" for name in names))
    command = Command(RecordedRegistry())
    args = ("--column", "performer=speaker", "--set", "use=train.voice", "--report", tmp_path / "r")
    assert command.run("scan", path, *args) == 1
    assert readable(command)
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert sum(report["counts"].values()) == len(names)


def test_naughty_words_on_the_command_line_are_questions_or_readable_errors() -> None:
    for text in NAUGHTY:
        for option in ("--performer", "--base-model"):
            args = ["--performer=demo", "--use=train.voice", f"{option}={text}"]
            command = Command(RecordedRegistry())
            try:
                code = command.run("check", *args)
            except ConsentError as exc:  # pragma: no cover  # would be a leak of the command line
                pytest.fail(f"{text!r}: {exc}")
            assert code in {0, 2}
            assert readable(command)
