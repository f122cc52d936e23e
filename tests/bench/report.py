"""The bench's table, its goals, and bench.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number: what, how much, of what unit; `beside` is what was measured beside it in the same run.

    `at_least` or `at_most` is its goal. A `binding` one is a ratio of this run, an invariant, or a time with a wide
    margin: missing it fails the bench on any machine. Other goals are absolute times, which a slower machine may
    miss: they are reported, and fail only a strict run. `value` is None where it could not be measured; then `why`
    says why, and it is `missing` if it should have been.
    """

    what: str
    value: float | None
    unit: str
    beside: str = ""
    at_least: float | None = None
    at_most: float | None = None
    binding: bool = False
    samples: int = 1
    spread: tuple[float, float] | None = None
    why: str = ""
    missing: bool = False

    def __post_init__(self) -> None:
        if self.at_least is not None and self.at_most is not None:
            raise ValueError(f"{self.what}: expected one goal, got a lower and an upper one")
        if (self.value is None) != bool(self.why):
            raise ValueError(f"{self.what}: expected a value, or why there is none")

    @property
    def goal(self) -> str:
        """The goal in words; empty where there is none."""
        if self.at_least is not None:
            return f"≥ {_number(self.at_least)}"
        return f"≤ {_number(self.at_most)}" if self.at_most is not None else ""

    @property
    def passed(self) -> bool | None:
        """Whether the goal was reached; None without a goal or without a value."""
        if self.value is None or not self.goal:
            return None
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.at_most is not None and self.value <= self.at_most

    @property
    def fails(self) -> bool:
        """Whether this row alone fails the bench."""
        if self.value is None:
            return self.missing
        return self.binding and self.passed is False


def not_measured(what: str, why: str, *, missing: bool = False) -> Row:
    """A row without a number. `missing`: it could have been had, so its absence fails the bench."""
    return Row(what=what, value=None, unit="", why=why, missing=missing)


def exit_code(rows: Sequence[Row], *, strict: bool = False) -> int:
    """1 if a ratio or an invariant was missed or a number is missing; with `strict`, if any goal was missed."""
    return int(any(row.fails or (strict and row.passed is False) for row in rows))


def print_table(rows: Sequence[Row]) -> None:
    """Numbers to the right, in the order measured; then every goal that was missed, with its figure."""
    width = max((len(row.what) for row in rows), default=0)
    for row in rows:
        print(f"{row.what:<{width}}  {_line(row)}".rstrip())
    missed = [row for row in rows if row.passed is False or (row.value is None and row.missing)]
    if missed:
        print("\nMissed:")
    for row in missed:
        print(f"  {row.what}: {_figure(row)}" + (f", goal {row.goal}" if row.goal else ""))


def write_json(
    rows: Sequence[Row], path: Path, *, machine: Mapping[str, object], run: Mapping[str, object]
) -> None:
    """Every row with its goal and whether it was reached, and what it was measured on; no names, no paths."""
    document = {"machine": dict(machine), "run": dict(run), "rows": [_to_json(row) for row in rows]}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _to_json(row: Row) -> dict[str, object]:
    return {
        "what": row.what,
        "value": row.value,
        "unit": row.unit,
        "goal": row.goal or None,
        "binding": row.binding,
        "passed": row.passed,
        "samples": row.samples,
        "spread": row.spread,
        "beside": row.beside,
        "why": row.why,
    }


def _line(row: Row) -> str:
    if row.value is None:
        return _figure(row)
    verdict = {True: f"ok    goal {row.goal}", False: f"MISSED goal {row.goal}", None: ""}[row.passed]
    spread = f"{_number(row.spread[0])}–{_number(row.spread[1])}" if row.spread else ""
    parts = [part for part in (verdict, row.beside, spread) if part]
    return f"{_number(row.value):>10} {row.unit:<10} {'; '.join(parts)}"


def _figure(row: Row) -> str:
    return f"not measured: {row.why}" if row.value is None else f"{_number(row.value)} {row.unit}".rstrip()


def _number(value: float | None) -> str:
    if value is None or value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.3f}"
