"""Scanning the manifest for a licensee, and the difference between two scans."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from consent.client.manifests.columns import Columns
from consent.client.manifests.report import ScanReport
from consent.client.manifests.scan import scan
from consent.client.manifests.source import open_manifest
from consent.client.manifests.verdicts import Verdict
from consent.server.demo.cast import MANIFEST
from consent.server.demo.desk import Desk
from consent.server.demo.expectation import expect_equal
from consent.server.demo.licensees import Licensee
from consent.server.demo.page import Page

SHOWN = (Verdict.ALLOW, Verdict.DENY, Verdict.UNKNOWN_SUBJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """How many rows of each verdict a scan must find."""

    allow: int
    deny: int
    unknown: int


def scan_manifest(desk: Desk, licensee: Licensee, folder: Path) -> ScanReport:
    """Ask for every row of the manifest; the signed report is left in `folder`."""
    return scan(
        open_manifest(MANIFEST),
        columns=Columns(mapped={"external_id": "speaker_id"}, constants=dict(licensee.question)),
        registry=desk.registry,
        folder=folder,
        now=lambda: datetime.now(UTC),
    )


def expect_counts(what: str, report: ScanReport, expected: Expected) -> None:
    """Every row is accounted for as the cast says. Raises DemoError otherwise."""
    counts = report.counts
    expect_equal(f"{what}: rows allowed", got=counts[Verdict.ALLOW], expected=expected.allow)
    expect_equal(f"{what}: rows denied", got=counts[Verdict.DENY], expected=expected.deny)
    expect_equal(
        f"{what}: rows of unknown subjects", got=counts[Verdict.UNKNOWN_SUBJECT], expected=expected.unknown
    )
    expect_equal(f"{what}: unreadable rows", got=counts[Verdict.INVALID], expected=0)


def show_scan(page: Page, name: str, report: ScanReport) -> None:
    """The counts of one scan, and the reasons of its denials."""
    reasons: dict[str, int] = {}
    for group in report.groups:
        if group.verdict is Verdict.DENY:
            for reason in group.reasons:
                reasons[reason] = reasons.get(reason, 0) + group.rows
    counts = report.counts
    said = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in SHOWN)
    page.fact(f"{name}, {len(report.groups)} questions", f"{said} of {report.rows} rows")
    for reason, rows in sorted(reasons.items()):
        page.fact("  denied because", f"{reason} ({rows} rows)")


def show_difference(page: Page, pairs: list[tuple[str, ScanReport, ScanReport]]) -> None:
    """A small table: each licensee's rows before and after."""
    rows: list[tuple[object, ...]] = []
    for name, before, after in pairs:
        for verdict in SHOWN:
            first, second = before.counts[verdict], after.counts[verdict]
            rows.append(
                (
                    f"{name}: {verdict.value}",
                    first,
                    second,
                    f"{second - first:+d}" if second != first else "=",
                )
            )
    page.table(("rows", "before", "after", "change"), rows)
