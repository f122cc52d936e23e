"""`python -m tests.bench.publish`: bench.json as the chart and the tables of the documentation.

A run that only measured where the time goes (`--only profile`) leaves the other figures as they are.
What is published says on which machine and when it was measured, whether others used that machine meanwhile, and
which goals were missed. Nothing is left out or rounded up.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.bench.where_time_goes import PREFIX

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "templates" / "docs" / "benchmarks.md"
CHART = ROOT / "templates" / "web" / "benchmarks.svg"
TIMES = "## Where the time goes\n"  # what follows, up to the figures, is written anew
FIGURES = "## Figures\n"  # all that follows is written anew
BARS = (
    "empty granian handler",
    "check, deferred receipt",
    "sign-only granian handler",
    "check, inline receipt",
    "Cerbos, the same question",
    "our own DRF view",
)
OURS = frozenset({"check, deferred receipt", "check, inline receipt"})
WIDTH, ROW, LABELS, VALUES = 720, 34, 230, 80


def main() -> int:
    """Write what bench.json of this folder has figures for."""
    source = Path("bench.json")
    if not source.exists():
        sys.stderr.write("publish: expected bench.json here: run `make bench` first\n")
        return 1
    document = json.loads(source.read_text("utf-8"))
    before, _, drawn = PAGE.read_text("utf-8").partition(FIGURES)
    timed, others = apart(document)
    if timed["rows"]:
        before = f"{before.partition(TIMES)[0]}{TIMES}\n{times(timed)}\n"
    if others["rows"]:
        CHART.write_text(chart(others), encoding="utf-8")
        drawn = "\n" + figures(others)
    PAGE.write_text(before + FIGURES + drawn, encoding="utf-8")
    return 0


def apart(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The run with nothing but where the time goes, and with all else."""
    rows: Sequence[Mapping[str, Any]] = document["rows"]
    timed = [row for row in rows if row["what"].startswith(PREFIX)]
    others = [row for row in rows if not row["what"].startswith(PREFIX)]
    return {**document, "rows": timed}, {**document, "rows": others}


def times(document: Mapping[str, Any]) -> str:
    """Where the time goes, in Markdown."""
    lines = [
        "`python -m tests.bench --only profile` measures this in a process that calls the lane without the web server:",
        "no socket, no HTTP. Each part is timed in a run of its own, so that no stopwatch runs inside another.",
        "",
        f"{where(document)}.",
        "",
    ]
    if not document["run"]["quiet"]:
        lines += [f"**The machine was busy**: others used {document['run']['others_cores']:.2f} cores.", ""]
    lines += ["| what | µs | share |", "|---|---|---|"]
    for row in document["rows"]:
        what, _, part = row["what"].removeprefix(PREFIX).partition(": ")
        name = f"– {part}" if part else f"**{what[0].upper()}{what[1:]}**"
        lines.append(f"| {name} | {number(row['value'])} | {row['beside']} |")
    return "\n".join(lines) + "\n"


def figures(document: Mapping[str, Any]) -> str:
    """The table with its circumstances, in Markdown."""
    rows: Sequence[Mapping[str, Any]] = document["rows"]
    lines = [f"{where(document)}.", ""]
    if not document["run"]["quiet"]:
        used = document["run"]["others_cores"]
        lines += [
            f"**The machine was busy**: others used {used:.2f} cores. Expect better on a quiet one.",
            "",
        ]
    lines += ["| what | figure | goal | spread or circumstances |", "|---|---|---|---|"]
    for row in rows:
        figure = "not measured" if row["value"] is None else f"{number(row['value'])} {row['unit']}".strip()
        verdict = {True: "reached", False: "**missed**", None: ""}[row["passed"]]
        goal = f"{row['goal']} {verdict}".strip() if row["goal"] else ""
        spread = "{}–{}".format(*map(number, row["spread"])) if row["spread"] else ""
        beside = "; ".join(part for part in (row["why"], row["beside"], spread) if part)
        lines.append(f"| {row['what'].strip()} | {figure} | {goal} | {beside} |")
    missed = [row["what"].strip() for row in rows if row["passed"] is False]
    lines += [
        "",
        f"Goals missed in this run: {', '.join(missed)}." if missed else "No goal was missed in this run.",
    ]
    return "\n".join(lines) + "\n"


def chart(document: Mapping[str, Any]) -> str:
    """Answers a second on one core as bars, the longest across the whole width."""
    values = {row["what"].strip(): row["value"] for row in document["rows"] if row["value"] is not None}
    bars = [(name, float(values[name])) for name in BARS if name in values]
    longest = max((value for _, value in bars), default=1.0)
    height = 64 + ROW * len(bars)
    told = ", ".join(f"{name} {number(value)}" for name, value in bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="14">',
        f"<title>{escape(f'Answers a second on one core: {told}')}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="26" fill="#1b1b1b" font-weight="600">Answers a second on one core</text>',
    ]
    for place, (name, value) in enumerate(bars):
        top = 40 + place * ROW
        length = max(1.0, (WIDTH - LABELS - VALUES - 16) * value / longest)
        fill = "#1f5f5b" if name in OURS else "#9a9a9a"
        parts += [
            f'<text x="16" y="{top + 17}" fill="#1b1b1b">{escape(name)}</text>',
            f'<rect x="{LABELS}" y="{top}" width="{length:.1f}" height="24" fill="{fill}"/>',
            f'<text x="{LABELS + length + 8:.1f}" y="{top + 17}" fill="#1b1b1b">{number(value)}</text>',
        ]
    small = f'<text x="16" y="{height - 8}" fill="#595959" font-size="11">{escape(where(document))}</text>'
    return "\n".join([*parts, small, "</svg>"]) + "\n"


def where(document: Mapping[str, Any]) -> str:
    """Machine and date in a line."""
    machine, run = document["machine"], document["run"]
    return (
        f"Measured {machine['measured_at'][:10]} on {machine['cores']} cores of {machine['processor']}, "
        f"Python {machine['python']}, {run['grants']:,} consents"
    )


def number(value: float) -> str:
    """As many digits as mean something."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
