"""Rules and dashboards name figures that exist, and every alert has its place in the manual."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from consent.log.families import FAMILIES, SECONDS

TOP = Path(__file__).parents[2]
RULES = TOP / "deploy" / "alerts" / "consent.rules.yaml"
TESTS = Path(__file__).parent / "alerts.test.yaml"
DASHBOARDS = sorted((TOP / "deploy" / "dashboards").glob("*.json"))
MANUAL = (TOP / "templates" / "docs" / "metrics.md").read_text()
FROM_PROMETHEUS = {"job", "instance", "le"}
_SELECTOR = re.compile(r"(consent_[a-z_]+)(?:\{([^}]*)\})?")


def _series() -> dict[str, set[str]]:
    """Every series that the exporter may print, with its labels."""
    found = {}
    for family in FAMILIES:
        names = [family.name]
        if family.kind == "histogram":
            names = [f"{family.name}_{part}" for part in ("bucket", "sum", "count")]
        found.update({name: set(family.labels) for name in names})
    return found


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def _expressions() -> Iterator[tuple[str, str]]:
    for rule in _rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for path in DASHBOARDS:
        document = json.loads(path.read_text())
        for panel in document["panels"]:
            for target in panel.get("targets", ()):
                yield f"{path.name}: {panel['title']}", target["expr"]
        for variable in document["templating"]["list"]:
            if "definition" in variable:
                yield path.name, variable["definition"]


@pytest.mark.parametrize(("where", "expression"), [*_expressions()])
def test_every_figure_and_label_that_is_asked_for_exists(where: str, expression: str) -> None:
    series = _series()
    for name, selector in _SELECTOR.findall(expression):
        assert name in series, (where, name)
        used = set(re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", selector))
        assert used <= series[name] | FROM_PROMETHEUS, (where, name, used)
    grouped = {
        label for group in re.findall(r"by \(([^)]*)\)", expression) for label in re.split(r",\s*", group)
    }
    known = set().union(*series.values()) | FROM_PROMETHEUS
    assert grouped <= known, (where, grouped)


def test_the_objective_for_time_is_a_bucket_that_is_counted() -> None:
    bounds = {float(bound) for bound in re.findall(r'le="([0-9.]+)"', RULES.read_text())}
    assert bounds and bounds <= set(SECONDS.bounds)


def test_recorded_series_that_alerts_use_are_recorded() -> None:
    recorded = {rule["record"] for rule in _rules() if "record" in rule}
    used = {name for rule in _rules() for name in re.findall(r"consent:[a-z_]+:[a-z0-9_]+", rule["expr"])}
    assert used == recorded


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    alerts = [rule for rule in _rules() if "alert" in rule]
    headings = re.findall(r"^### (\w+)$", MANUAL, flags=re.MULTILINE)
    assert [rule["alert"] for rule in alerts] == headings
    for rule in alerts:
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert (
            rule["annotations"]["summary"].endswith(".")
            and rule["annotations"]["runbook"] == f"/docs/metrics#{rule['alert']}"
        )


def test_the_manual_has_every_figure_as_it_is_exported() -> None:
    rows = [line for line in MANUAL.splitlines() if line.startswith("| `consent_")]
    assert rows == [
        f"| `{family.name}` | {family.kind} | {', '.join(family.labels) or '–'} | {family.text} |"
        for family in FAMILIES
    ]


def test_every_figure_is_drawn() -> None:
    drawn = " ".join(expression for where, expression in _expressions() if ".json" in where)
    assert [family.name for family in FAMILIES if family.name not in drawn] == []


def test_panels_are_told_apart() -> None:
    for path in DASHBOARDS:
        panels = json.loads(path.read_text())["panels"]
        assert (
            len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
        )


@pytest.mark.needs("promtool")
def test_prometheus_understands_the_rules_and_they_fire_when_they_should(tmp_path: Path) -> None:
    for path in (RULES, TESTS):
        shutil.copy(path, tmp_path)
    for words in (["check", "rules", RULES.name], ["test", "rules", TESTS.name]):
        done = subprocess.run(
            ["promtool", *words], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
