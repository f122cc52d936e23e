"""The parts that pages share, filled with what people write."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.house.template_text import Found

Fill = Callable[..., str]
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def fill(database: str) -> Fill:
    """Renders one part with the values given."""
    from django.template.loader import render_to_string

    def render(part: str, **values: Any) -> str:
        return render_to_string(f"pages/parts/{part}.html", values)

    return render


def _elements(html: str, tag: str) -> list[dict[str, str | None]]:
    return [attributes for name, attributes in Found(html).elements if name == tag]


@pytest.mark.parametrize("kind", ["text", "date", "textarea", "select", "file"])
def test_a_field_is_tied_to_its_label_its_help_and_its_fault(fill: Fill, kind: str) -> None:
    html = fill(
        "field", name="day", label="The day", kind=kind, help="Any day", error="Write a day", options=()
    )
    (label,) = _elements(html, "label")
    (field,) = _elements(html, kind if kind in {"textarea", "select"} else "input")
    assert label["for"] == field["id"] == "f-day" and field["name"] == "day"
    described = str(field["aria-describedby"]).split()
    assert described == ["f-day-help", "f-day-error"]
    assert set(described) == {str(each["id"]) for each in _elements(html, "p")}
    assert field["aria-invalid"] == "true" and "required" in field


def test_a_field_keeps_what_was_written(fill: Fill) -> None:
    assert _elements(fill("field", name="a", label="A", value=HOSTILE), "input")[0]["value"] == HOSTILE
    assert "<script>" not in fill(
        "field", name="a", label="A", kind="textarea", value=f"</textarea>{HOSTILE}"
    )
    chosen = fill("field", name="a", label="A", kind="select", value="es", options=[("de", "D"), ("es", "E")])
    assert [each["value"] for each in _elements(chosen, "option") if "selected" in each] == ["es"]


def test_what_may_stay_empty_says_so_and_is_not_required(fill: Fill) -> None:
    html = fill("field", name="a", label="A", optional=True)
    assert "you may leave this empty" in html and "required" not in _elements(html, "input")[0]


def test_a_use_starts_off(fill: Fill) -> None:
    (box,) = _elements(fill("use", id="l1", label="Train", words="One model"), "input")
    assert "checked" not in box and (box["name"], box["value"]) == ("lines", "l1")
    assert "checked" in _elements(fill("use", id="l1", label="Train", checked=True), "input")[0]


def test_what_is_forbidden_is_told_without_colour(fill: Fill) -> None:
    html = fill("can_list", can=["train"], cannot=["sell"])
    assert re.search(r"Not:\s*</span>sell", html)


def test_faults_lead_to_their_fields(fill: Fill) -> None:
    html = fill("errors", errors=[("birth_date", "Write a date"), ("", HOSTILE)])
    assert [each["href"] for each in _elements(html, "a")] == ["#f-birth_date"]
    assert 'role="alert"' in html and "<script>" not in html
    assert fill("errors", errors=[]).strip() == ""


def test_every_state_has_a_word(fill: Fill) -> None:
    from consent.core.states import GrantState

    for state in [*GrantState, "paused", "ended"]:
        assert re.search(r">[a-z ,]+</span>", fill("tag", state=str(state))), state


def test_a_timeline_tells_instants_to_machines_as_well(fill: Fill) -> None:
    at = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
    html = fill("timeline", entries=[SimpleNamespace(at=at, what=HOSTILE, by="you", tone="no")])
    assert _elements(html, "time")[0]["datetime"] == "2026-11-21T14:03:00+00:00"
    assert "21 November 2026, 14:03 UTC" in html and "<script>" not in html


def test_a_drawing_says_in_words_what_it_shows(fill: Fill) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    bar = fill("term_bar", starts=at, ends=at, passed=3, total=1461)
    assert 'max="1461"' in bar and "aria-label" in bar


def test_the_step_one_is_at_is_marked(fill: Fill) -> None:
    marks = _elements(fill("join_steps", here=2), "li")
    assert [(each.get("class"), each.get("aria-current")) for each in marks] == [
        ("done", None),
        (None, "step"),
        (None, None),
        (None, None),
        (None, None),
    ]


def test_the_ribbon_is_for_the_test_side_only(fill: Fill) -> None:
    assert "nothing here is real" in fill("test_side", livemode=False)
    assert fill("test_side", livemode=True).strip() == ""
