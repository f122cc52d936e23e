"""The bench's table and bench.json."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number: what, how much, of what unit; `beside` is a ratio or bound measured in the same run.

    `below` is a goal that fails the bench when it is missed.
    """

    what: str
    value: float
    unit: str
    beside: str = ""
    below: float | None = None


def print_table(rows: list[Row]) -> None:
    """Numbers to the right, in the order measured."""
    width = max(len(row.what) for row in rows)
    for row in rows:
        print(f"{row.what:<{width}}  {_number(row.value):>10} {row.unit:<10} {row.beside}".rstrip())


def write_json(rows: list[Row], path: Path) -> None:
    """The rows with the machine they were measured on; no names, no paths."""
    document = {
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        },
        "rows": [asdict(row) for row in rows],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 1 else f"{value:.3f}"
