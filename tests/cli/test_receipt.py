"""`consent receipt proof`: a receipt and its log proof in one verified file, or nothing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signing.receipt_proof import format_receipt_proof, parse_receipt_proof
from tests.cli.command import Command
from tests.client.recorded_registry import LIVE_KEY, URL, RecordedRegistry, Step, json_response, problem
from tests.signing.ledger_samples import written
from tests.signing.log_samples import receipt_proof
from tests.signing.samples import NOW, trust

PROOF, TOKEN = receipt_proof(written(3), 1)
FOUND = json_response(json.loads(format_receipt_proof(PROOF)))
NOT_YET = problem(404, "not_found")


def run(folder: Path, *answers: Step, more: tuple[Any, ...] = ()) -> tuple[int, Command, RecordedRegistry]:
    fake = RecordedRegistry(steps=list(answers))
    command = Command(transport=fake, environ={"CONSENT_URL": URL, "CONSENT_API_KEY": LIVE_KEY}, now=NOW)
    receipt = folder / "voice.receipt"
    receipt.write_text(TOKEN + "\n")
    code = command.trusting(trust(), folder).run("receipt", "proof", receipt, *more)
    return code, command, fake


def test_the_proof_is_saved_with_the_receipt_and_verifies_offline(tmp_path: Path) -> None:
    code, command, fake = run(tmp_path, FOUND)
    assert code == 0 and command.out.startswith("valid receipt with log proof\n")
    saved = tmp_path / "voice.receipt.proof.json"
    assert parse_receipt_proof(saved.read_bytes()) == PROOF.with_receipt(TOKEN)
    decision = "dec_i" + "a" * 25
    assert fake.requests[0].url == f"{URL}/v1/receipts/{decision}/proof"
    offline = Command(environ={}, now=NOW).trusting(trust(), tmp_path)
    assert offline.run("verify", saved, "--allowed") == 0


def test_it_is_waited_for_only_where_that_is_said(tmp_path: Path) -> None:
    code, command, fake = run(tmp_path, NOT_YET)
    assert (code, len(fake.requests)) == (3, 1) and "fifteen seconds" in command.err
    code, _, fake = run(tmp_path, NOT_YET, NOT_YET, FOUND, more=("--wait", "4", "--json"))
    assert (code, len(fake.requests)) == (0, 3)
    code, _, fake = run(tmp_path, *[NOT_YET] * 9, more=("--wait", "3", "--replace"))
    assert (code, len(fake.requests)) == (3, 3)


def test_a_file_is_replaced_only_where_that_is_said(tmp_path: Path) -> None:
    assert [run(tmp_path, FOUND)[0], run(tmp_path, FOUND)[0]] == [0, 2]
    assert run(tmp_path, FOUND, more=("--replace",))[0] == 0


OTHER = receipt_proof(written(3), 0)[0]
FORGED = replace(PROOF, logged=replace(PROOF.logged, salt=bytes(32)))


@pytest.mark.parametrize(
    "answer",
    [
        json_response(json.loads(format_receipt_proof(OTHER))),
        json_response(json.loads(format_receipt_proof(FORGED))),
        json_response({"proof": "trust us"}),
    ],
    ids=["of another decision", "forged", "no proof"],
)
def test_nothing_that_does_not_prove_the_receipt_is_saved(tmp_path: Path, answer: Step) -> None:
    code, command, _ = run(tmp_path, answer)
    assert code == 3 and "does not prove the receipt" in command.err
    assert not list(tmp_path.glob("*.proof.json"))


def test_usage_faults_exit_with_2(tmp_path: Path) -> None:
    assert run(tmp_path, more=("--wait", "-1"))[0] == 2
    command = Command(transport=RecordedRegistry(), environ={"CONSENT_URL": URL, "CONSENT_API_KEY": LIVE_KEY})
    assert command.run("receipt", "proof", tmp_path / "voice.receipt") == 2
    assert "consent trust fetch" in command.err
    words = tmp_path / "words"
    for text in ("We hereby consent.", "ä"):
        words.write_text(text)
        assert command.trusting(trust(), tmp_path).run("receipt", "proof", words) == 2
    (tmp_path / "forged").write_text(TOKEN.replace("~", "~A", 1))
    assert command.run("receipt", "proof", tmp_path / "forged") == 2
