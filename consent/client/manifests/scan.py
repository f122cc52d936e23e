"""A manifest scan: read once to find the distinct questions, ask them, read again to say the verdict of each row.

Memory grows with the number of distinct questions, never with the rows. Both readings must see the same
bytes. The report folder appears whole at the end, or not at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from consent.client.asking import counts_outputs
from consent.client.decision import Decision, Undecided
from consent.client.errors import ConfigurationError, Unavailable
from consent.client.local.decision import LocalDecision
from consent.client.manifests.columns import Columns
from consent.client.manifests.report import ReportFolder, ScanReport
from consent.client.manifests.rows import Cell, ManifestError
from consent.client.manifests.source import Manifest
from consent.client.manifests.verdicts import Group, Verdict, group_of

MAX_DISTINCT = 1_000_000  # questions of one scan; about a gigabyte of answers
PROGRESS_ROWS = 20_000
SHOWN_FAULTS = 100  # unreadable rows listed in the report; rows.csv names them all
Progress = Callable[[str], None]
Answer = Decision | LocalDecision | Undecided


class Asker(Protocol):
    """The part of `Registry` that a scan needs."""

    @property
    def address(self) -> str:
        """The registry's base URL."""

    @property
    def livemode(self) -> bool:
        """Whether the key is of the live side."""

    @property
    def verifies_receipts(self) -> bool:
        """Whether receipts are verified as they come."""

    def check_many(
        self,
        questions: Iterable[Mapping[str, object]],
        *,
        on_error: Literal["stop", "skip"] = "stop",
        progress: Callable[[int, int], None] = ...,
    ) -> Sequence[Answer]:
        """As `Registry.check_many`."""

    def lapsed(
        self, questions: Sequence[Mapping[str, object]], answers: Sequence[Answer], *, at: datetime
    ) -> int:
        """How many of these answers do not hold any longer at the end of the scan."""


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What the first reading found: rows per distinct tuple of cells, and rows that cannot be read."""

    counts: dict[tuple[Cell, ...], int]
    rows: int
    unreadable: int
    faults: list[tuple[int, str]]
    sha256: str
    size: int


def scan(
    manifest: Manifest,
    *,
    columns: Columns,
    registry: Asker,
    folder: Path,
    now: Callable[[], datetime],
    progress: Progress = lambda _text: None,
) -> ScanReport:
    """Ask for every row of a manifest and write the report folder: report.json, rows.csv, receipts/.

    Raises:
        ManifestError: the file cannot be read as a manifest, has no rows, or changed while it was read.
        Unavailable: some answer could not be had, or ran out before the scan ended; nothing is written.
        ConfigurationError: the folder exists already or cannot be written.
    """
    started_at = now()
    with ReportFolder(folder) as report_folder:
        reading = _read(manifest, columns, progress)
        groups, questions, answers = _ask(reading, columns, registry, report_folder, progress)
        _write_rows(manifest, columns, reading, groups, report_folder)
        ended_at = now()
        lapsed = registry.lapsed(questions, answers, at=ended_at)
        if lapsed:
            raise Unavailable(
                f"{lapsed} answers ran out while the manifest was scanned; scan it again, or in parts"
            )
        report = ScanReport(
            manifest=manifest.name,
            sha256=reading.sha256,
            size_bytes=reading.size,
            rows=reading.rows,
            unreadable=reading.unreadable,
            faults=tuple(reading.faults),
            columns=columns.mapped,
            constants=columns.constants,
            registry=registry.address,
            livemode=registry.livemode,
            receipts_verified=registry.verifies_receipts,
            decided=sorted({"local" if isinstance(each, LocalDecision) else "registry" for each in answers}),
            as_of=min((each.as_of for each in answers if isinstance(each, LocalDecision)), default=None),
            started_at=started_at,
            ended_at=ended_at,
            groups=tuple(sorted(groups.values(), key=lambda group: group.number)),
            receipts=report_folder.receipts,
        )
        report_folder.publish(report)
    return report


def _read(manifest: Manifest, columns: Columns, progress: Progress) -> _Reading:
    reading = _Reading(counts={}, rows=0, unreadable=0, faults=[], sha256="", size=0)
    with manifest.opened() as stream:
        for row in manifest.reader(stream, wanted=columns.wanted):
            reading.rows += 1
            if row.fault:
                reading.unreadable += 1
                if len(reading.faults) < SHOWN_FAULTS:
                    reading.faults.append((row.line, row.fault))
            else:
                reading.counts[row.cells] = reading.counts.get(row.cells, 0) + 1
                if len(reading.counts) > MAX_DISTINCT:
                    raise ManifestError(
                        f"expected at most {MAX_DISTINCT} distinct questions, got more by line {row.line}; "
                        "map fewer columns or split the file"
                    )
            if reading.rows % PROGRESS_ROWS == 0:
                progress(f"{reading.rows} rows read, {len(reading.counts)} questions")
        reading.sha256, reading.size = stream.finish()
    if not reading.rows:
        raise ManifestError(f"{manifest.name} has no rows: nothing was asked, so nothing is allowed")
    progress(f"{reading.rows} rows read, {len(reading.counts)} questions")
    return reading


def _ask(
    reading: _Reading,
    columns: Columns,
    registry: Asker,
    folder: ReportFolder,
    progress: Progress,
) -> tuple[dict[tuple[Cell, ...], Group], Sequence[Mapping[str, object]], Sequence[Answer]]:
    """The group of each distinct tuple of cells; tuples that mean the same question share theirs."""
    groups: dict[tuple[Cell, ...], Group] = {}
    questions: list[dict[str, object]] = []
    askers: list[tuple[Cell, ...]] = []
    for cells, count in reading.counts.items():
        try:
            question = columns.asking(cells)
        except ConfigurationError as exc:
            number = len(reading.counts) + len(groups)
            asked = {name: cell for name, cell in zip(columns.mapped, cells, strict=True) if cell is not None}
            groups[cells] = Group(
                number=number, asked=asked, rows=count, verdict=Verdict.INVALID, why=str(exc)
            )
            continue
        if counts_outputs(question):
            quantity = question.get("quantity", 1)
            question["quantity"] = count * (quantity if isinstance(quantity, int) else 1)
        questions.append(question)
        askers.append(cells)
    answers = registry.check_many(
        questions,
        on_error="skip",
        progress=lambda done, whole: progress(f"{done} of {whole} questions answered"),
    )
    for number, (cells, question, answer) in enumerate(zip(askers, questions, answers, strict=True), start=1):
        # What was decided on this machine has no receipt: it left no record at the registry.
        receipt = folder.keep_receipt(answer.receipt()) if isinstance(answer, Decision) else ""
        groups[cells] = group_of(
            answer, number=number, rows=reading.counts[cells], question=question, receipt=receipt
        )
    return groups, questions, answers


def _write_rows(
    manifest: Manifest,
    columns: Columns,
    reading: _Reading,
    groups: Mapping[tuple[Cell, ...], Group],
    folder: ReportFolder,
) -> None:
    """The second reading: rows.csv with the line, the verdict, its reasons and the question's number."""
    endings = {cells: _ending(group) for cells, group in groups.items()}
    invalid = f",{Verdict.INVALID.value},,\n"
    with manifest.opened() as stream, folder.open_rows() as file:
        file.write("line,verdict,reasons,question\n")
        file.writelines(
            f"{row.line}{invalid if row.fault else endings.get(row.cells, invalid)}"
            for row in manifest.reader(stream, wanted=columns.wanted)
        )
        if stream.finish() != (reading.sha256, reading.size):
            raise ManifestError(f"{manifest.name} changed while it was scanned; scan it again")


def _ending(group: Group) -> str:
    """A row of rows.csv after its line number; none of these words needs quoting."""
    return f",{group.verdict.value},{' '.join(group.reasons)},{group.number}\n"
