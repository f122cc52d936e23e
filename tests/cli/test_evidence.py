"""`consent evidence`: a verified bundle in a file, or nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from consent.client.transport import HttpResponse
from signing.evidence_answer import Answer
from tests.cli.command import Command
from tests.client.recorded_registry import LIVE_KEY, URL, RecordedRegistry, Step, problem
from tests.signing import corpus_of_evidence as corpus
from tests.signing.samples import NOW, an_id, trust

USE = ("--use", "train.voice", "--use", "publish.stream", "--say", "territory=DE", "--say", "commercial=true")
OF_PERFORMER = ("--performer", an_id("prf"), *USE)


def a_zip(data: bytes, kind: str = "application/zip") -> Step:
    return HttpResponse(status=200, headers={"content-type": kind}, body=data)


def run(
    folder: Path, *answers: Step, more: tuple[Any, ...] = OF_PERFORMER
) -> tuple[int, Command, RecordedRegistry]:
    fake = RecordedRegistry(steps=list(answers))
    command = Command(transport=fake, environ={"CONSENT_URL": URL, "CONSENT_API_KEY": LIVE_KEY}, now=NOW)
    code = command.trusting(trust(), folder).run("evidence", "--out", folder / "evidence.zip", *more)
    return code, command, fake


def test_a_bundle_is_asked_for_verified_saved_and_told(tmp_path: Path) -> None:
    code, command, fake = run(tmp_path, a_zip(corpus.bundle(in_log=True)))
    assert code == 0, command.err
    asked = json.loads(fake.requests[0].body or b"")
    assert fake.requests[0].url == f"{URL}/v1/evidence"
    assert fake.requests[0].headers["Accept"] == "application/zip"
    assert asked["performer"] == an_id("prf")
    assert asked["questions"][1] == {"use": "publish.stream", "territory": "DE", "commercial": True}
    assert command.out.startswith("valid evidence bundle\n")
    assert "allow" in command.out and "out_of_scope" in command.out
    offline = Command(environ={}, now=NOW).trusting(trust(), tmp_path)
    assert offline.run("verify", tmp_path / "evidence.zip", "--json") == 0
    said = json.loads(offline.out)
    assert (said["creation_then"], said["publication_then"]) == ("allow", "deny")
    assert said["consents"] == said["signings_in_log"] == said["activations_in_log"] == 1


def _lying() -> bytes:
    good: Answer = corpus.answer()
    return corpus.bundle(
        corpus.answer(questions=(good.questions[1],), performer=an_id("prf", "b"), history=())
    )


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        (a_zip(corpus.bundle()[:-1]), 3, "does not verify"),
        (a_zip(b"<html>"), 3, "does not verify"),
        (a_zip(corpus.bundle(), "text/html"), 3, "expected application/zip"),
        (a_zip(corpus.bundle(corpus.answer(livemode=False))), 3, "does not verify"),
        (a_zip(_lying()), 3, "does not verify"),
        (problem(404, "not_found"), 2, "not_found"),
    ],
)
def test_what_does_not_verify_is_not_saved(tmp_path: Path, answer: Step, code: int, why: str) -> None:
    got, command, _ = run(tmp_path, answer)
    assert got == code and why in command.err, command.err
    assert not (tmp_path / "evidence.zip").exists()


def test_genuine_evidence_of_something_else_is_no_answer(tmp_path: Path) -> None:
    wrong = ("--performer", an_id("prf", "c"), *USE)
    code, command, _ = run(tmp_path, a_zip(corpus.bundle()), more=wrong)
    assert code == 3 and "about" in command.err
    code, command, _ = run(tmp_path, a_zip(corpus.bundle()), more=("--grant", an_id("grt")))
    assert code == 3 and "something else" in command.err
    instant = ("--at", "2026-01-01T00:00:00Z", *OF_PERFORMER)
    code, command, _ = run(tmp_path, a_zip(corpus.bundle()), more=instant)
    assert code == 3 and "2026-01-01T00:00:00Z" in command.err


@pytest.mark.parametrize(
    "more",
    [
        ("--grant", an_id("grt"), "--at", "yesterday"),
        ("--grant", an_id("grt"), "--say", "territory=DE"),
        (*OF_PERFORMER, "--say", "colour=red"),
        (*OF_PERFORMER, "--say", "quantity=many"),
    ],
)
def test_what_is_no_question_is_not_sent(tmp_path: Path, more: tuple[Any, ...]) -> None:
    code, _, fake = run(tmp_path, more=more)
    assert code == 2 and not fake.requests
