"""Manifest scans: every row gets a verdict, every distinct question is asked once, evidence is kept whole."""

import csv
import json
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.client.errors import ConfigurationError, Unavailable
from consent.client.manifests.columns import Columns
from consent.client.manifests.report import ScanReport
from consent.client.manifests.rows import ManifestError
from consent.client.manifests.scan import scan
from consent.client.manifests.source import open_manifest
from consent.client.manifests.verdicts import Verdict
from consent.client.signed_receipt import SignedReceipt
from tests.client.recorded_registry import NOW, RecordedRegistry, problem

MANIFEST = Path(__file__).parents[1] / "data" / "manifest-2k.csv"
VERDICTS = {
    "external_id:6295": ["no_active_consent"],
    "external_id:LJ": ["performer_unknown"],
    "external_id:p225": ["context_missing"],
}


def run(fake: RecordedRegistry, path: Path, folder: Path, **options: Any) -> ScanReport:
    mapped = options.pop("mapped", {"external_id": "speaker_id"})
    constants = options.pop("constants", {"use": "train.voice", "territory": "DE"})
    return scan(
        open_manifest(path, **options.pop("reading", {})),
        columns=Columns(mapped=mapped, constants=constants),
        registry=fake.registry(),
        folder=folder,
        now=options.pop("now", lambda: fake.now),
        **options,
    )


def test_a_real_manifest_of_two_thousand_rows_asks_one_question_a_speaker(tmp_path: Path) -> None:
    fake = RecordedRegistry(verdicts=VERDICTS)
    report = run(fake, MANIFEST, tmp_path / "out")
    assert (report.rows, len(report.groups), len(fake.requests)) == (2000, 148, 1)
    assert report.counts[Verdict.UNKNOWN_SUBJECT] == 400
    assert sum(report.counts.values()) == 2000
    assert not report.allowed
    with (tmp_path / "out" / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with MANIFEST.open(newline="") as file:
        speakers = [row["speaker_id"] for row in csv.DictReader(file)]
    assert [row["line"] for row in rows] == [str(line) for line in range(2, 2002)]
    for speaker, row in zip(speakers, rows, strict=True):
        expected = {"6295": "deny", "LJ": "unknown subject", "p225": "deny"}.get(speaker, "allow")
        assert row["verdict"] == expected


def test_the_report_and_its_receipts_verify_afterwards(tmp_path: Path) -> None:
    fake = RecordedRegistry(verdicts=VERDICTS)
    run(fake, MANIFEST, tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["verdict"], report["receipts_verified"]) == ("deny", True)
    assert report["manifest"]["rows"] == 2000
    assert report["counts"]["allow"] + report["counts"]["deny"] + report["counts"]["unknown subject"] == 2000
    (name,) = report["receipts"]
    token = (tmp_path / "out" / name).read_text().strip()
    receipt = SignedReceipt(token=token).verify(trust=fake.trust, at=NOW, allow_test=True)
    assert {item.decision_id for item in receipt.items} == {
        group["decision_id"] for group in report["groups"]
    }


def test_a_manifest_whose_every_row_is_allowed_is_allowed(tmp_path: Path) -> None:
    assert run(RecordedRegistry(), MANIFEST, tmp_path / "out").allowed


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_unreadable_and_unaskable_rows_are_invalid_and_deny_the_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "s,t\na,DE\nb\n,DE\nc,EU\na,DE\n")
    fake = RecordedRegistry()
    report = run(
        fake,
        path,
        tmp_path / "out",
        mapped={"performer": "s", "territory": "t"},
        constants={"use": "train.voice"},
    )
    assert {verdict.value: count for verdict, count in report.counts.items()} == {
        "allow": 2, "deny": 0, "unknown subject": 0, "invalid": 3,
    }  # fmt: skip
    assert not report.allowed
    whys = [group.why for group in report.groups if group.verdict is Verdict.INVALID]
    assert any("exactly one of" in why for why in whys)
    assert any("/territory" in why for why in whys)
    assert report.faults == ((3, "expected 2 columns as in the header, got 1"),)


def test_outputs_that_count_are_asked_for_all_rows_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "m.jsonl", '{"s": "a"}\n{"s": "a"}\n{"s": "a"}\n{"s": "b", "n": 4}\n')
    fake = RecordedRegistry()
    run(
        fake,
        path,
        tmp_path / "out",
        mapped={"performer": "s", "quantity": "n"},
        constants={"use": "infer.voice"},
    )
    rows = json.loads(fake.requests[0].body or b"")["checks"]
    assert [(row["performer"], row["quantity"]) for row in rows] == [
        ("external_id:a", 3),
        ("external_id:b", 4),
    ]


def test_every_kind_of_column_reaches_the_question(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "who,ok,themes\na;b,no,x;y\n")
    fake = RecordedRegistry()
    mapped = {"performers": "who", "commercial": "ok", "themes": "themes"}
    run(fake, path, tmp_path / "out", mapped=mapped, constants={"use": "train.voice"})
    (row,) = json.loads(fake.requests[0].body or b"")["checks"]
    assert row["performers"] == ["external_id:a", "external_id:b"]
    assert (row["commercial"], row["themes"]) == (False, ["x", "y"])


@pytest.mark.parametrize(
    ("mapped", "constants"),
    [
        ({"speaker": "s"}, {}),
        ({"performer": "s"}, {"performer": "a"}),
        ({"performer": "s"}, {"colour": "red"}),
    ],
)
def test_an_impossible_mapping_is_refused(mapped: dict[str, str], constants: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        Columns(mapped=mapped, constants=constants)


@pytest.mark.parametrize("text", ["s\n", "s\n\n\n"])
def test_a_manifest_without_rows_allows_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(ManifestError, match="nothing is allowed"):
        run(RecordedRegistry(), write(tmp_path / "m.csv", text), tmp_path / "out", mapped={"performer": "s"})
    assert not list(tmp_path.glob("*out*"))


def test_an_unavailable_registry_leaves_nothing_behind(tmp_path: Path) -> None:
    fake = RecordedRegistry(steps=[problem(503, "stale")] * 3)
    with pytest.raises(Unavailable):
        run(fake, MANIFEST, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_answers_that_ran_out_before_the_end_allow_nothing(tmp_path: Path) -> None:
    fake = RecordedRegistry()
    times = iter([NOW, NOW + timedelta(seconds=301)])
    with pytest.raises(Unavailable, match="ran out"):
        run(fake, MANIFEST, tmp_path / "out", now=lambda: next(times))
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_changes_between_the_readings_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "s\na\n")
    fake = RecordedRegistry()
    change: Callable[[Any], object] = lambda _answer: write(path, "s\nb\n")  # noqa: E731  # one step of the double
    fake.steps = [change]
    with pytest.raises(ManifestError, match="changed while it was scanned"):
        run(fake, path, tmp_path / "out", mapped={"performer": "s"})
    assert [each.name for each in tmp_path.iterdir()] == ["m.csv"]


def test_a_report_is_never_overwritten(tmp_path: Path) -> None:
    run(RecordedRegistry(), MANIFEST, tmp_path / "out")
    before = (tmp_path / "out" / "report.json").read_bytes()
    with pytest.raises(ConfigurationError, match="never overwritten"):
        run(RecordedRegistry(), MANIFEST, tmp_path / "out")
    assert (tmp_path / "out" / "report.json").read_bytes() == before


@pytest.mark.parametrize("name", ["m.parquet", "m.txt", "m"])
def test_an_unknown_format_says_which_are_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(ManifestError, match="say --format"):
        open_manifest(tmp_path / name)


def test_a_missing_manifest_is_a_readable_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        run(RecordedRegistry(), tmp_path / "none.csv", tmp_path / "out", mapped={"performer": "s"})


def test_a_hundred_thousand_rows_are_scanned_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    with path.open("w") as file:
        file.write("s,path\n")
        file.writelines(f"p{number % 50},{'x' * 200}\n" for number in range(100_000))
    tracemalloc.start()
    report = run(RecordedRegistry(), path, tmp_path / "out", mapped={"performer": "s"})
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (report.rows, len(report.groups)) == (100_000, 50)
    assert peak_bytes < 6 << 20  # the file itself is 20 MB
