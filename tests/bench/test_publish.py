"""What the documentation shows of a run is what the run found, its misses first of all."""

from xml.etree import ElementTree

import pytest

from tests.bench import publish
from tests.bench.report import Row, not_measured, write_json


@pytest.fixture
def document(tmp_path):  # type: ignore[no-untyped-def]  # pytest's
    import json

    rows = [
        Row(what="check, deferred receipt", value=9000.4, unit="/s", spread=(8000.0, 9500.0), samples=3),
        Row(what="  empty granian handler", value=30000, unit="/s"),
        Row(what="  of an empty granian handler", value=0.3, unit="x", at_least=0.6, binding=True),
        not_measured("  against Cerbos", "npm is not on this machine", missing=True),
    ]
    machine = {
        "measured_at": "2026-12-01T10:00:00Z",
        "processor": "A <fast> one",
        "cores": 2,
        "python": "3.11.7",
    }
    run = {"grants": 1000, "quiet": False, "others_cores": 0.41}
    write_json(rows, tmp_path / "bench.json", machine=machine, run=run)
    return json.loads((tmp_path / "bench.json").read_text())


def test_a_missed_goal_and_a_missing_number_are_published_as_such(document: dict) -> None:
    said = publish.figures(document)
    assert "| of an empty granian handler | 0.30 x | ≥ 0.600 **missed** |  |" in said
    assert "| against Cerbos | not measured |  | npm is not on this machine |" in said
    assert "Goals missed in this run: of an empty granian handler." in said


def test_machine_date_and_others_on_it_stand_beside_the_figures(document: dict) -> None:
    said = publish.figures(document)
    assert said.startswith("Measured 2026-12-01 on 2 cores of A <fast> one, Python 3.11.7, 1,000 consents.")
    assert "**The machine was busy**: others used 0.41 cores." in said


def test_the_chart_is_drawn_to_scale_with_its_figures_as_text(document: dict) -> None:
    root = ElementTree.fromstring(publish.chart(document))
    space = "{http://www.w3.org/2000/svg}"
    widths = [float(each.get("width", "0")) for each in root.iter(f"{space}rect")][1:]
    assert widths[1] / widths[0] == pytest.approx(9000.4 / 30000, rel=0.01)
    texts = [each.text for each in root.iter(f"{space}text")]
    assert "9,000" in texts and "30,000" in texts
    title = root.find(f"{space}title")
    assert title is not None and "check, deferred receipt 9,000" in (title.text or "")


def test_the_published_page_holds_the_figures_of_the_published_chart() -> None:
    page, drawn = publish.PAGE.read_text(), publish.CHART.read_text()
    assert "![Answers a second on one core" in page and "(/static/benchmarks.svg)" in page
    measured = page.partition(publish.FIGURES)[2].strip().partition(".\n")[0]
    assert measured.startswith("Measured ") and measured.replace("&", "&amp;") in drawn
