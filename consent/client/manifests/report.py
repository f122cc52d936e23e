"""The report of a scan: as a value, as JSON, and as a folder that appears whole or not at all."""

import hashlib
import json
import secrets
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from consent.client.errors import ConfigurationError
from consent.client.manifests.verdicts import Group, Verdict
from consent.client.signed_receipt import SignedReceipt
from consent.core.instants import format_instant

SCHEMA = "consent-registry/scan-report/v1"
REPORT, ROWS, RECEIPTS = "report.json", "rows.csv", "receipts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What a scan found. Allowed only when every row is.

    `decided` says by whom: the registry, or on this machine (`local`), which has no receipts; `as_of` is then the
    registry's time of the facts.
    """

    manifest: str
    sha256: str
    size_bytes: int
    rows: int
    unreadable: int
    faults: tuple[tuple[int, str], ...]
    columns: Mapping[str, str]
    constants: Mapping[str, object]
    registry: str
    livemode: bool
    receipts_verified: bool
    decided: Sequence[str]
    as_of: datetime | None
    started_at: datetime
    ended_at: datetime
    groups: tuple[Group, ...]
    receipts: Mapping[str, str]

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Rows per verdict; every verdict is present."""
        found = Counter[Verdict]({Verdict.INVALID: self.unreadable})
        for group in self.groups:
            found[group.verdict] += group.rows
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def allowed(self) -> bool:
        """Whether there are rows and all of them are allowed."""
        return self.rows > 0 and self.counts[Verdict.ALLOW] == self.rows

    def to_json(self) -> dict[str, object]:
        """The report as report.json holds it."""
        return {
            "schema": SCHEMA,
            "verdict": "allow" if self.allowed else "deny",
            "manifest": {
                "name": self.manifest,
                "sha256": self.sha256,
                "bytes": self.size_bytes,
                "rows": self.rows,
            },
            "counts": {verdict.value: count for verdict, count in self.counts.items()},
            "columns": dict(self.columns),
            "constants": dict(self.constants),
            "registry": self.registry,
            "livemode": self.livemode,
            "started_at": format_instant(self.started_at),
            "ended_at": format_instant(self.ended_at),
            "groups": [group.to_json() for group in self.groups],
            "unreadable": [{"line": line, "why": why} for line, why in self.faults],
            "receipts": dict(self.receipts),
            "receipts_verified": self.receipts_verified,
            "decided": list(self.decided),
            **({"as_of": format_instant(self.as_of)} if self.as_of is not None else {}),
        }


class ReportFolder:
    """A folder under construction: a hidden sibling until `publish` moves it into place."""

    def __init__(self, final: Path) -> None:
        self._final = final
        self._partial = final.with_name(f".{final.name}.{secrets.token_hex(4)}.partial")
        self._names: dict[str, str] = {}
        self.receipts: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Make the hidden folder. Raises ConfigurationError when the final one exists or cannot be made."""
        if self._final.exists():
            raise ConfigurationError(
                f"{self._final} exists already; a report is never overwritten, name another"
            )
        try:
            (self._partial / RECEIPTS).mkdir(parents=True)
        except OSError as exc:
            raise ConfigurationError(f"{self._final} cannot be written: {exc.strerror}") from exc
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise ConfigurationError(f"{self._final} cannot be written: {error.strerror}") from error

    def keep_receipt(self, receipt: SignedReceipt) -> str:
        """Store a receipt once; its path within the folder."""
        name = self._names.get(receipt.token)
        if name is None:
            name = f"{RECEIPTS}/batch-{len(self._names) + 1:04d}.receipt"
            data = receipt.token.encode("ascii") + b"\n"
            (self._partial / name).write_bytes(data)
            self._names[receipt.token] = name
            self.receipts[name] = hashlib.sha256(data).hexdigest()
        return name

    def open_rows(self) -> TextIO:
        """rows.csv, for writing."""
        return (self._partial / ROWS).open("w", encoding="utf-8", newline="")

    def publish(self, report: ScanReport) -> None:
        """Write report.json and move the folder into place."""
        text = json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n"
        (self._partial / REPORT).write_text(text, encoding="utf-8")
        try:
            self._partial.rename(self._final)
        except OSError as exc:
            raise ConfigurationError(f"{self._final} cannot be written: {exc.strerror}") from exc
