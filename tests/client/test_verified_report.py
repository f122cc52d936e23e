"""A scan report counts only as far as its receipts bear it out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent.client.manifests.columns import Columns
from consent.client.manifests.scan import scan
from consent.client.manifests.source import open_manifest
from consent.client.manifests.verified_report import VerifiedReport, verify_report
from signing.errors import MalformedError, UntrustedError
from tests.client.recorded_registry import CALLER, NOW, RecordedRegistry

ROWS = "who,n\na,1\nb,2\na,3\nc,4\n"
FAKE = RecordedRegistry(
    verdicts={"external_id:b": ["no_active_consent"], "external_id:c": ["performer_unknown"]}
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The report of a scan of four rows: two allowed, one denied, one of nobody known."""
    manifest = tmp_path / "rows.csv"
    manifest.write_text(ROWS)
    scan(
        open_manifest(manifest),
        columns=Columns(mapped={"external_id": "who"}, constants={"use": "train.voice"}),
        registry=FAKE.registry(),
        folder=tmp_path / "report",
        now=lambda: NOW,
    )
    return tmp_path / "report"


def verify(
    folder: Path, change: Callable[[dict[str, Any]], object] | None = None, **options: Any
) -> VerifiedReport:
    report = json.loads((folder / "report.json").read_text())
    if change is not None:
        change(report)
    known: dict[str, Any] = {"trust": FAKE.trust, "at": NOW, "expected_audience": None, "allow_test": True}
    return verify_report(
        json.dumps(report).encode(), beside=lambda name: (folder / name).read_bytes(), **(known | options)
    )


def test_a_report_is_what_its_receipts_say(folder: Path) -> None:
    found = verify(folder, expected_audience=CALLER)
    assert found.counts == {"allow": 2, "deny": 1, "unknown subject": 1, "invalid": 0}
    assert (found.rows, found.allowed, found.livemode) == (4, False, False)
    assert sum(len(each.items) for each in found.receipts) == 3


def _group(number: int, **members: Any) -> Callable[[dict[str, Any]], object]:
    return lambda report: report["groups"][number].update(members)


def _all_allowed(report: dict[str, Any]) -> None:
    """What a vendor would write who wants to train."""
    for group in report["groups"]:
        group.update(verdict="allow", reasons=[])
    report.update(verdict="allow", counts={"allow": 4, "deny": 0, "unknown subject": 0, "invalid": 0})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_all_allowed, "says 'allow', and its receipt 'deny'"),
        (_group(2, verdict="deny"), "says 'deny', and its receipt 'unknown subject'"),
        (_group(1, reasons=["territory"]), "other reasons"),
        (_group(0, obligations=[]), "other obligations"),
        (_group(0, decision_id="dec_other"), "no receipt holds"),
        (_group(0, receipt="receipts/batch-0009.receipt"), "no receipt holds"),
        (_group(0, asked={"use": "train.face"}), "another question"),
        (_group(0, rows=3), "counts"),
        (lambda report: report["counts"].update(allow=3), "counts"),
        (lambda report: report.update(verdict="allow"), "its questions say otherwise"),
        (lambda report: report["manifest"].update(rows=3), "counts"),
        (lambda report: report.update(receipts={}), "no receipts"),
        (lambda report: report.update(livemode=True), "other side"),
        (
            lambda report: report["receipts"].update({"receipts/batch-0001.receipt": "0" * 64}),
            "not the file that the report names",
        ),
    ],
)
def test_a_report_that_says_more_than_its_receipts_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    with pytest.raises(UntrustedError, match=words):
        verify(folder, change)


def test_a_report_counts_for_its_asker_and_side_only(folder: Path) -> None:
    with pytest.raises(UntrustedError):
        verify(folder, allow_test=False)
    with pytest.raises(UntrustedError):
        verify(folder, expected_audience="org_" + "z" * 26)


@pytest.mark.parametrize(
    "change",
    [
        lambda report: report.update(schema="consent-registry/scan-report/v2"),
        lambda report: report.update(more=1),
        lambda report: report["receipts"].update({"../../etc/passwd": "0" * 64}),
        _group(0, verdict="maybe"),
        _group(0, rows=-1),
    ],
)
def test_a_malformed_report_is_refused(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(MalformedError):
        verify(folder, change)


def test_rows_that_could_not_be_read_count_as_invalid(folder: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "odd.csv"
    manifest.write_text(ROWS + "a\n")
    scan(
        open_manifest(manifest),
        columns=Columns(mapped={"external_id": "who"}, constants={"use": "train.voice"}),
        registry=FAKE.registry(),
        folder=tmp_path / "odd",
        now=lambda: NOW,
    )
    assert verify(tmp_path / "odd").counts["invalid"] == 1
