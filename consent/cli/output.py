"""How results look in a terminal: aligned, plain, and never obeying what came from elsewhere."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from consent.cli.context import Context


def safe(text: object) -> str:
    """Foreign text without control characters: a name cannot move the cursor or fake a line."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(text))


def safe_block(text: str) -> str:
    """As `safe`, for text of several lines: line feeds stay."""
    return "\n".join(safe(line) for line in text.split("\n"))


def print_json(context: Context, value: Mapping[str, object]) -> None:
    """One JSON object, indented, on standard output."""
    context.say(json.dumps(value, indent=2, ensure_ascii=True, default=_plain))


def print_fields(context: Context, fields: Sequence[tuple[str, object]]) -> None:
    """`name  value` lines with the values aligned; empty values are left out."""
    shown = [(name, safe(value)) for name, value in fields if value not in (None, "", ())]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        context.say(f"{name:<{width}}  {value}")


def print_table(context: Context, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns aligned to their widest cell; numbers to the right."""
    cells = [[safe(cell) for cell in row] for row in rows]
    widths = [max(len(line[place]) for line in [list(header), *cells]) for place in range(len(header))]
    right = [bool(rows) and all(isinstance(row[place], int) for row in rows) for place in range(len(header))]
    for line in [list(header), *cells]:
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        context.say("  ".join(padded).rstrip())


def instant(at: datetime) -> str:
    """An instant as every page prints it."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _plain(value: object) -> str:
    return instant(value) if isinstance(value, datetime) else str(value)
