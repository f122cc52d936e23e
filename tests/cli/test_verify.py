"""`consent verify`: what a document proves, offline, and who introduced each key."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signing.commitment import entry
from signing.receipt import sign_receipt
from signing.receipt_proof import format_receipt_proof
from signing.tlog_proof import parse_proof
from tests.cli.command import Command
from tests.signing.ledger_samples import ledger, written
from tests.signing.log_samples import event, logged, logged_package, policy, receipt_proof, with_proof
from tests.signing.samples import (
    NOW,
    PERFORMER,
    RECOVERED,
    SECOND,
    first_link,
    grant_body,
    item,
    next_link,
    package,
    receipt,
    receipt_signer,
    signed,
    trust,
)


def command(folder: Path, **options: Any) -> Command:
    """Offline: a transport would fail the test."""
    return Command(environ={}, **({"now": NOW} | options)).trusting(trust(), folder)


def stored(folder: Path, data: bytes | str) -> Path:
    path = folder / "document"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def single(**changes: Any) -> str:
    value = receipt(**changes)
    return sign_receipt(value, signer=receipt_signer(livemode=value.livemode))


def test_a_live_receipt_is_valid_and_says_what_was_answered(tmp_path: Path) -> None:
    verify = command(tmp_path)
    assert verify.run("verify", stored(tmp_path, single())) == 0
    assert verify.out.startswith("valid receipt\n")
    assert "fresh       yes\n" in verify.out
    assert "decision    allow" in verify.out


def test_a_deferred_receipt_is_valid_like_one_with_its_own_signature(tmp_path: Path) -> None:
    one, _, batch = ledger(*written(3))
    verify = command(tmp_path)
    assert verify.run("verify", stored(tmp_path, one), "--allowed") == 0
    assert verify.out.startswith("valid receipt\n") and "decision    allow" in verify.out
    again = command(tmp_path)
    assert again.run("verify", stored(tmp_path, batch + "\n"), "--json") == 0
    proven = json.loads(again.out)
    assert (proven["kind"], len(proven["decisions"]), len(proven["salt"])) == ("batch receipt", 3, 32)
    forged = command(tmp_path)
    assert forged.run("verify", stored(tmp_path, one.replace("~", "~A", 1))) == 1


def test_json_says_the_same_for_machines(tmp_path: Path) -> None:
    verify = command(tmp_path)
    assert verify.run("verify", stored(tmp_path, single()), "--json") == 0
    proven = json.loads(verify.out)
    assert (proven["valid"], proven["kind"], proven["fresh"]) == (True, "receipt", True)
    assert proven["decisions"][0]["decision"] == "allow"


def test_a_batch_receipt_lists_its_decisions(tmp_path: Path) -> None:
    denied = item(decision="deny", reasons=("territory",), grants=(), obligations=(), row="b")
    token = single(batch=True, items=(item(row="a"), denied))
    verify = command(tmp_path)
    assert verify.run("verify", stored(tmp_path, token)) == 0
    assert "a: allow" in verify.out
    assert "b: deny  territory" in verify.out
    assert verify.run("verify", stored(tmp_path, token), "--allowed") == 1


def test_allowed_demands_an_allow_that_still_holds(tmp_path: Path) -> None:
    path = stored(tmp_path, single())
    assert command(tmp_path).run("verify", path, "--allowed") == 0
    late = command(tmp_path, now=NOW + timedelta(seconds=300))
    assert late.run("verify", path) == 0
    assert late.run("verify", path, "--allowed") == 3
    assert "no permit any more" in late.err
    assert late.run("verify", stored(tmp_path, package()), "--allowed") == 2


def test_the_test_side_is_valid_only_when_it_is_said(tmp_path: Path) -> None:
    for document in (single(livemode=False), package(livemode=False)):
        path = stored(tmp_path, document)
        verify = command(tmp_path)
        assert verify.run("verify", path) == 1
        assert "say --allow-test" in verify.err
        assert verify.run("verify", path, "--allow-test") == 0
        assert "(test side)" in verify.out


def test_a_receipt_for_somebody_else_is_invalid_where_the_audience_is_said(tmp_path: Path) -> None:
    path = stored(tmp_path, single())
    assert command(tmp_path).run("verify", path, "--audience", receipt().audience) == 0
    verify = command(tmp_path)
    assert verify.run("verify", path, "--audience", "org_" + "z" * 26) == 1
    assert "expected 'org_zzz" in verify.out


def test_a_package_prints_who_introduced_each_key(tmp_path: Path) -> None:
    chain = [first_link(), next_link(SECOND.public, PERFORMER)]
    envelope = signed(grant_body(credential=SECOND.public.thumbprint), by=SECOND)
    verify = command(tmp_path)
    assert verify.run("verify", stored(tmp_path, package(envelope=envelope, chain=chain))) == 0
    lines = [line for line in verify.out.splitlines() if line.startswith("key ")]
    assert (
        f"{PERFORMER.public.thumbprint}  ed25519, introduced by the registry (Example Ident AG)" in lines[0]
    )
    assert f"{SECOND.public.thumbprint}  ed25519, introduced by the performer" in lines[1]
    assert re.search(r"^proof +pending$", verify.out, flags=re.MULTILINE)
    assert re.search(r"^only first key by registry +yes$", verify.out, flags=re.MULTILINE)


def test_a_key_that_the_registry_introduced_after_a_recovery_is_marked_so(tmp_path: Path) -> None:
    recovered = first_link(RECOVERED.public, replaces=PERFORMER.public.thumbprint)
    envelope = signed(grant_body(credential=RECOVERED.public.thumbprint), by=RECOVERED)
    verify = command(tmp_path)
    document = stored(tmp_path, package(envelope=envelope, chain=[first_link(), recovered]))
    assert verify.run("verify", document, "--json") == 0
    proven = json.loads(verify.out)
    assert [key["introduced_by"] for key in proven["keys"]] == ["registry", "registry"]
    assert proven["only_first_key_by_registry"] is False


def test_standard_input_is_a_document_too(tmp_path: Path) -> None:
    verify = command(tmp_path, stdin=single().encode() + b"\n")
    assert verify.run("verify", "-") == 0


@pytest.mark.parametrize("place", range(40, 1200, 97))
def test_one_altered_byte_makes_a_receipt_invalid(tmp_path: Path, place: int) -> None:
    token = bytearray(single().encode())
    token[place % len(token)] ^= 1
    verify = command(tmp_path)
    assert verify.run("verify", stored(tmp_path, bytes(token))) == 1
    assert verify.out.startswith("invalid: ")


@pytest.mark.parametrize("place", range(10, 4000, 311))
def test_one_altered_byte_makes_a_package_invalid(tmp_path: Path, place: int) -> None:
    data = bytearray(package())
    data[place % len(data)] ^= 1
    assert command(tmp_path).run("verify", stored(tmp_path, bytes(data))) == 1


def test_a_performers_proof_or_a_statement_is_no_evidence(tmp_path: Path) -> None:
    from signing import jws
    from signing.purposes import PERFORMER_PROOF

    proof = jws.sign({"htm": "GET"}, typ=PERFORMER_PROOF, key=PERFORMER)
    verify = command(tmp_path)
    assert verify.run("verify", stored(tmp_path, proof)) == 1
    assert "got a token of typ 'consent-performer-proof+jwt'" in verify.out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("verify", "none"), "expected a document to verify"),
        (("verify", "document", "--at", "yesterday"), "--at: expected YYYY-MM-DDTHH:MM:SSZ"),
        (("verify", "document", "--trust", "none"), "expected a trust file"),
        (("verify", "document", "--trust", "document"), "is not a trust file"),
        (("verify", "document", "--statement", "none"), "expected a signed statement"),
    ],
)
def test_usage_faults_exit_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    stored(tmp_path, single())
    verify = command(tmp_path)
    assert verify.run(*args) == 2
    assert words in verify.err


def test_without_a_trust_file_nothing_is_verified(tmp_path: Path) -> None:
    verify = Command(environ={}, now=NOW)
    assert verify.run("verify", stored(tmp_path, single())) == 2
    assert "consent trust fetch" in verify.err


def test_the_past_is_judged_as_of_its_own_instant(tmp_path: Path) -> None:
    verify = command(tmp_path)
    path = stored(tmp_path, single())
    assert verify.run("verify", path, "--at", "2036-01-01T00:00:00Z") == 0
    assert verify.run("verify", path, "--at", "2020-01-01T00:00:00Z") == 1
    assert "issued later than now" in verify.out


def test_a_package_with_its_log_proof_says_where_it_stands_and_that_witnesses_were_not_asked(
    tmp_path: Path,
) -> None:
    verify = command(tmp_path)
    path = stored(tmp_path, logged_package())
    assert verify.run("verify", path) == 0
    assert re.search(r"^proof +in the log$", verify.out, flags=re.MULTILINE)
    assert re.search(r"^log +registry.example/log/live$", verify.out, flags=re.MULTILINE)
    assert re.search(r"^witnesses +not asked: no policy was given$", verify.out, flags=re.MULTILINE)


def policy_file(folder: Path) -> Path:
    path = folder / "policy"
    path.write_bytes(policy().format())
    return path


def test_a_policy_demands_the_witnesses(tmp_path: Path) -> None:
    demanded = ("--policy", policy_file(tmp_path))
    verify = command(tmp_path)
    assert verify.run("verify", stored(tmp_path, logged_package()), *demanded, "--json") == 0
    assert json.loads(verify.out)["witnesses"] == ["witness.example"]
    proof, token = receipt_proof(written(3), 1)
    assert verify.run("verify", stored(tmp_path, format_receipt_proof(proof)), *demanded) == 0
    for without in (package(), with_proof(package(), witnessed=False), single(), token):
        assert verify.run("verify", stored(tmp_path, without), *demanded) == 1
    assert verify.run("verify", stored(tmp_path, package()), "--policy", tmp_path / "none") == 2
    assert verify.run("verify", stored(tmp_path, package()), "--policy", stored(tmp_path, "log x")) == 2


def test_a_receipt_proof_shows_the_decision_from_the_log(tmp_path: Path) -> None:
    proof, token = receipt_proof(written(3), 1)
    verify = command(tmp_path)
    path = stored(tmp_path, format_receipt_proof(proof.with_receipt(token)))
    assert verify.run("verify", path, "--allowed") == 0
    assert verify.out.startswith("valid receipt with log proof\n")
    assert "decision    allow" in verify.out and "receipt signature  verified\n" in verify.out
    assert verify.run("verify", path, "--audience", "org_" + "z" * 26) == 1


def test_a_proof_file_is_valid_for_the_entry_that_is_said(tmp_path: Path) -> None:
    said = event("grant.signed", {"n": 1})
    value = logged(said)
    path = stored(tmp_path, value.tlog_proof)
    verify = command(tmp_path)
    assert verify.run("verify", path) == 2 and "--entry" in verify.err
    assert verify.run("verify", path, "--entry", entry(said, value.salt).hex()) == 0
    assert verify.out.startswith("valid proof file\n")
    assert verify.run("verify", path, "--entry", "00" * 33) == 1
    assert verify.run("verify", path, "--entry", "0g") == 2


def test_a_checkpoint_is_valid_by_the_logs_own_key(tmp_path: Path) -> None:
    for livemode in (True, False):
        value = logged(event("grant.signed", {"n": 1}, livemode=livemode))
        note = parse_proof(value.tlog_proof.encode()).checkpoint
        path = stored(tmp_path, note)
        verify = command(tmp_path)
        assert verify.run("verify", path) == (0 if livemode else 1)
        assert verify.run("verify", path, "--allow-test") == 0
        assert verify.out.startswith("valid checkpoint")
        assert verify.run("verify", stored(tmp_path, note.replace(b"\n43\n", b"\n44\n")), "--allow-test") == 1
