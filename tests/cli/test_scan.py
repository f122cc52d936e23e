"""`consent scan`: verdicts for every row, a report that is kept, and the exit code."""

import json
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.client.recorded_registry import RecordedRegistry, problem

MANIFEST = Path(__file__).parents[1] / "data" / "manifest-2k.csv"
MAPPING = ("--column", "external_id=speaker_id", "--set", "use=train.voice", "--set", "territory=DE")


def test_a_manifest_with_one_denied_speaker_exits_with_1_and_names_it(tmp_path: Path) -> None:
    fake = RecordedRegistry(verdicts={"external_id:LJ": ["no_active_consent"]})
    command = Command(fake)
    assert command.run("scan", MANIFEST, *MAPPING, "--report", tmp_path / "r") == 1
    assert "2000 rows, 148 questions" in command.out
    assert "external_id:LJ" in command.out
    assert "do not train" in command.out
    assert "2000 rows read" in command.err
    assert sorted(each.name for each in (tmp_path / "r").iterdir()) == ["receipts", "report.json", "rows.csv"]


def test_a_manifest_that_is_allowed_whole_exits_with_0(tmp_path: Path) -> None:
    command = Command(RecordedRegistry())
    assert command.run("scan", MANIFEST, *MAPPING, "--report", tmp_path / "r", "--quiet") == 0
    assert "every row is allowed" in command.out
    unverified, report = command.err.splitlines()
    assert unverified.startswith("receipts are kept unverified")
    assert report == f"report: {tmp_path / 'r'}"


def test_json_on_standard_output_is_the_report(tmp_path: Path) -> None:
    command = Command(RecordedRegistry())
    command.run("scan", MANIFEST, *MAPPING, "--report", tmp_path / "r", "--json")
    assert json.loads(command.out) == json.loads((tmp_path / "r" / "report.json").read_text())


def test_standard_input_is_a_manifest_too(tmp_path: Path) -> None:
    command = Command(RecordedRegistry(), stdin=b'{"s": "a"}\n{"s": "b"}\n')
    args = ("--column", "performer=s", "--set", "use=train.voice", "--format", "jsonl")
    assert command.run("scan", "-", *args, "--report", tmp_path / "r") == 0
    assert "stdin: 2 rows" in command.out


def test_the_default_report_folder_is_new_for_every_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Command(RecordedRegistry()).run("scan", MANIFEST, *MAPPING) == 0
    assert (tmp_path / "manifest-2k.csv.20270301T120000Z.consent" / "report.json").exists()
    assert Command(RecordedRegistry()).run("scan", MANIFEST, *MAPPING) == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--column", "speaker_id"), "expected member=value"),
        (("--column", "speaker=speaker_id"), "expected member=value"),
        (("--column", "external_id=speaker"), "expected one column named 'speaker'"),
        (("--set", "use=a", "--set", "use=b"), "expected use once"),
        (("--column", "external_id=speaker_id", "--set", "external_id=x"), "a column or a constant"),
        (("--column", "external_id=speaker_id", "--delimiter", "::"), "expected one character"),
        (("--column", "external_id=speaker_id", "--format", "jsonl"), "not every row"),
    ],
)
def test_a_wrong_mapping_says_what_was_expected(tmp_path: Path, args: tuple[str, ...], words: str) -> None:
    command = Command(RecordedRegistry())
    code = command.run("scan", MANIFEST, *args, "--report", tmp_path / "r")
    assert code == (1 if words == "not every row" else 2)
    assert words in command.err + command.out


def test_an_unavailable_registry_exits_with_3_and_leaves_no_report(tmp_path: Path) -> None:
    command = Command(RecordedRegistry(steps=[problem(503, "rolled_back")] * 3))
    assert command.run("scan", MANIFEST, *MAPPING, "--report", tmp_path / "r") == 3
    assert list(tmp_path.iterdir()) == []
