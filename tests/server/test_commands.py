"""The operator's commands against a running registry, from another terminal."""

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from consent.server.commands.dispatch import COMMANDS, dispatch
from consent.server.commands.run import run
from signing.private_key import PrivateKey
from tests.server.laptop import Laptop


def _run(laptop: Laptop, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in laptop.server_environment().items() if k != "CONSENT_PORT"}
    return subprocess.run(
        [laptop.python, "-m", "consent.server", *words],
        cwd=laptop.folder,
        env=environment,
        input=said,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _enrol(laptop: Laptop, folder: Path, birth_date: str) -> str:
    """A new performer's key, enrolled; its thumbprint."""
    from consent.client.performer.account import PerformerAccount

    key = PrivateKey.generate()
    PerformerAccount(laptop.url, key).enrol(
        livemode=False,
        stage_names=["A Stage Name"],
        identity={"legal_name": "Planted Name", "birth_date": birth_date, "email": "planted@example.org"},
        label="test",
    )
    return key.public.thumbprint


def test_every_command_explains_itself() -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            dispatch([name, "--help"])
        assert ended.value.code == 0, name


def test_an_unknown_command_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_without_a_registry_a_command_says_how_to_get_one(laptop: Laptop, tmp_path: Path) -> None:
    environment = {k: v for k, v in laptop.server_environment().items() if not k.startswith("CONSENT_")}
    done = subprocess.run(
        [laptop.python, "-m", "consent.server", "organization", "list"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "make run" in done.stderr and "Traceback" not in done.stderr


def test_an_examiner_approves_an_adult_by_document(laptop: Laptop, tmp_path: Path) -> None:
    key = _enrol(laptop, tmp_path, "1990-05-04")
    listed = _run(laptop, "operator", "identity", "list").stdout
    assert key in listed and "Planted Name" in listed
    evidence = tmp_path / "scan.pdf"
    evidence.write_bytes(b"a document")
    words = ["operator", "identity", "approve", key, "--examiner", "A. Examiner", "--evidence", str(evidence)]
    done = _run(laptop, *words)
    assert done.returncode == 0 and key in done.stdout, done.stderr
    assert key not in _run(laptop, "operator", "identity", "list").stdout
    again = _run(laptop, *words)
    assert again.returncode == 1 and "not_found" in again.stderr


def test_a_thumbprint_that_begins_with_a_hyphen_is_no_option(laptop: Laptop) -> None:
    words = ["operator", "identity", "refuse", "-" + "b" * 42, "--examiner", "A. Examiner"]
    done = _run(laptop, *words)
    assert done.returncode == 1 and "not_found" in done.stderr


def test_nobody_under_18_is_approved_whatever_the_examiner_says(laptop: Laptop, tmp_path: Path) -> None:
    key = _enrol(laptop, tmp_path, "2015-01-01")
    done = _run(laptop, "operator", "identity", "approve", key, "--examiner", "A. Examiner", "--yes")
    assert done.returncode == 1 and "not 18" in done.stderr
    assert key in _run(laptop, "operator", "identity", "list").stdout
    refused = _run(laptop, "operator", "identity", "refuse", key, "--examiner", "A. Examiner")
    assert refused.returncode == 0, refused.stderr
    assert key not in _run(laptop, "operator", "identity", "list").stdout


@pytest.mark.parametrize("wrong", [["--port", "99999"], ["--threads", "0"], ["--workers", "-1"]])
def test_a_process_that_could_not_serve_is_refused_as_a_wrong_call(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(["check", *wrong])
    assert f"expected 1 to {65_535 if wrong[0] == '--port' else 1024}, got" in capsys.readouterr().err


def test_an_organization_enters_gets_a_key_and_loses_it(laptop: Laptop) -> None:
    made = _run(
        laptop, "organization", "create", "--legal-name", "Kestrel", "--country", "GB", "--contact", "a@b.example",
        "--side", "test",
    )  # fmt: skip
    organization = made.stdout.split(":")[0]
    side = ["--organization", organization, "--side", "test"]
    context = ["--territory", "DE", "--language", "de", "--purpose", "audiobook"]
    key = _run(laptop, "organization", "key", "create", *side, "--name", "n", *context)
    key_id, secret = key.stdout.split(":")[0], key.stdout.splitlines()[-1]
    assert secret.startswith("crk_test_")
    assert _check(laptop, secret) == (200, "allow")
    listed = _run(laptop, "organization", "key", "list", *side).stdout
    assert key_id in listed and secret not in listed
    limited = _run(laptop, "organization", "key", "limits", key_id, *side, "--daily-quota", "3")
    assert limited.stdout == f"{key_id}: at most 3 a day, any number a second\n"
    # Each process lets through what it knows of; within a second all know.
    assert 429 in (_check(laptop, secret)[0] for _ in range(200))
    lifted = _run(laptop, "organization", "key", "limits", key_id, *side, "--daily-quota", "none")
    assert lifted.returncode == 0, lifted.stderr
    assert _check(laptop, secret) == (200, "allow")
    assert _run(laptop, "organization", "key", "limits", key_id, *side, "--daily-quota", "0").returncode != 0
    assert _run(laptop, "organization", "key", "revoke", key_id, *side).returncode == 0
    assert _check(laptop, secret)[0] == 401


def _check(laptop: Laptop, secret: str) -> tuple[int, str]:
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        laptop.url + "/v1/check",
        data=json.dumps({"performer": "prf_test_allow", "use": "train.voice"}).encode(),
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())["decision"]
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, ""


def test_paper_consents_are_imported_line_by_line(laptop: Laptop, tmp_path: Path) -> None:
    table = tmp_path / "paper.csv"
    digest = PrivateKey.generate().public.parts[0].hex()
    table.write_text(
        "who,signed_on,uses,scan_sha256,vouched_by\n"
        f"A Person,2020-01-01,train.voice infer.voice,{digest},An Archivist\n"
        f"A Person,2020-01-01,train.voice,{digest},An Archivist\n"
        "B Person,2020-02-30,train.voice,00,An Archivist\n"
    )
    words = ["import", str(table), "--organization", "org_test_northlight", "--side", "test"]
    done = _run(laptop, *words)
    assert done.returncode == 1
    assert "line 2: pri_" in done.stdout and "1 imported, 2 refused" in done.stdout
    assert "line 3: refused, conflict" in done.stderr and "line 4: refused" in done.stderr
    table.write_text("who,when\nA,B\n")
    wrong = _run(laptop, *words)
    assert wrong.returncode == 1 and "column" in wrong.stderr


def test_a_refusal_of_the_registry_is_a_sentence_with_its_code(laptop: Laptop) -> None:
    grant = "grt_aaaaaaaaaaaaaaaaaaaaaaaaaa"
    words = ["--side", "live", "--reason", "none", "--actor", "a"]
    done = _run(laptop, "operator", "void", grant, *words)
    assert done.returncode == 1 and "not_found" in done.stderr and "Traceback" not in done.stderr


def test_keys_are_listed_and_the_trust_file_is_written(laptop: Laptop, tmp_path: Path) -> None:
    listed = _run(laptop, "keys", "list").stdout
    assert listed.count("signs") == 8
    output = tmp_path / "trust.json"
    assert _run(laptop, "trust", "--output", str(output)).returncode == 0
    assert json.loads(output.read_bytes()) == json.loads((laptop.state / "trust.json").read_bytes())


def test_no_log_of_the_registry_holds_what_a_person_said_about_themselves(
    laptop: Laptop, tmp_path: Path
) -> None:
    _enrol(laptop, tmp_path, "1991-06-05")
    logs = [*(laptop.state / "log").iterdir(), laptop.state / "postgres" / "postgres.log"]
    said = b"".join(path.read_bytes() for path in logs)
    assert said and b"Planted" not in said and b"planted@" not in said and b"1991-06-05" not in said


def test_an_operator_is_invited_listed_and_removed(laptop: Laptop) -> None:
    invited = _run(laptop, "operator", "invite", "--name", "Olga Okonkwo").stdout
    operator = invited.split(":")[0]
    link = invited.split()[-1]
    assert link.startswith(f"{laptop.url}/o/")
    page = urllib.request.urlopen(link, timeout=20)
    assert page.status == 200 and b"You run this registry" in page.read()
    listed = _run(laptop, "operator", "list").stdout
    assert f"{operator}  passkeys: 0" in listed and "Olga Okonkwo" in listed
    assert f"{laptop.url}/o/" in _run(laptop, "operator", "link", operator).stdout
    assert _run(laptop, "operator", "remove", operator).returncode == 0
    assert _run(laptop, "operator", "link", operator).returncode == 1
    assert operator not in _run(laptop, "operator", "list").stdout
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(link, timeout=20)
    assert refused.value.code == 410
    refused.value.close()
    again = _run(laptop, "operator", "remove", operator)
    assert again.returncode == 1 and "not_found" in again.stderr


def test_what_is_missing_or_damaged_of_the_ledger_is_told_with_status_1(laptop: Laptop) -> None:
    whole = _run(laptop, "ledger", "gaps", "--read")
    assert (whole.returncode, whole.stdout) == (0, "Nothing is missing, nothing is damaged.\n"), whole.stderr
    unread = _run(laptop, "ledger", "gaps")
    assert unread.returncode == 0 and "was not looked at" in unread.stdout, unread.stderr
    planted = laptop.state / "ledger" / "live" / f"{'0' * 12}-00000000.sealed"
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_bytes(b"torn")
    try:
        done = _run(laptop, "ledger", "gaps")
        audited = _run(laptop, "ledger", "audit")
    finally:
        planted.unlink()
    assert done.returncode == 1 and planted.name in done.stdout and "1 found." in done.stdout, done.stderr
    assert audited.returncode == 1 and "0 should have been denials" in audited.stdout, audited.stderr
    assert _run(laptop, "ledger", "gaps", "--days", "0").returncode == 2


def test_every_allow_of_the_ledger_rests_on_a_consent_that_stood(laptop: Laptop) -> None:
    audited = _run(laptop, "ledger", "audit")
    assert audited.returncode == 0, audited.stdout
    assert audited.stdout.endswith("held against the history; 0 should have been denials.\n"), audited.stderr
