"""Pages can be read by everybody, in the light and in the dark (WCAG 2.2 §1.4.3 and §1.4.11, AA)."""

import re
from pathlib import Path

import pytest

from consent.core.resources import templates

AA_TEXT = 4.5  # WCAG 2.2 §1.4.3: contrast of ordinary text
AA_GRAPHIC = 3.0  # §1.4.11: of focus outlines
# Each ground, and what is written on it.
TEXT = {
    "paper": ("ink", "soft", "brand", "no", "wait"),
    "ground": ("ink", "soft", "brand", "no"),
    "code": ("ink", "brand"),
    "brand-soft": ("ink", "soft", "brand"),
    "no-soft": ("ink", "soft", "brand", "no"),
    "wait-soft": ("ink", "soft", "brand", "wait"),
    "brand": ("brand-ink",),
    "no": ("no-ink",),
}
# Focus outlines, the edges of fields and switches, dots and bars.
GRAPHICS = {
    "paper": ("brand", "edge", "no", "wait"),
    "ground": ("brand", "edge"),
    "brand-soft": ("brand",),
    "line": ("brand",),
    "code": ("edge",),
}
MAX_BYTES = 25_000  # of the one stylesheet, as it is served
# Parts that pages share: a renamed class would leave them bare.
SHARED = (
    "mark card alert row grow btn quiet end tag wait no two use text sign can not soft field note error "
    "steps timeline qr list crumbs test-side exit term result deny key narrow stack tiles check pager unseen"
)


def _palettes() -> dict[str, dict[str, str]]:
    css = templates("web", "style.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)[:2]
    first = dict(re.findall(r"--([a-z-]+): *(#[0-9a-f]{3,6})", light))
    return {"light": first, "dark": {**first, **dict(re.findall(r"--([a-z-]+): *(#[0-9a-f]{3,6})", dark))}}


def _luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2 "relative luminance"."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(mode: str) -> None:
    colours = _palettes()[mode]
    for least, written in ((AA_TEXT, TEXT), (AA_GRAPHIC, GRAPHICS)):
        found = {(on, name): _contrast(colours[name], colours[on]) for on in written for name in written[on]}
        faint = {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < least}
        assert faint == {}


def _style() -> str:
    return templates("web", "style.css").read_text(encoding="utf-8")


def test_the_stylesheet_is_small_and_asks_for_nothing_else() -> None:
    assert len(_style().encode()) < MAX_BYTES
    assert not re.search(r"url\(|@import|@font-face|expression\(", _style())
    assert _style().count("{") == _style().count("}")


def test_the_stylesheet_heeds_what_people_ask_of_their_device() -> None:
    for question in ("prefers-color-scheme: dark", "prefers-reduced-motion", "forced-colors", "print"):
        assert f"@media ({question}" in _style() or f"@media {question}" in _style(), question


def test_every_shared_part_is_styled() -> None:
    assert [name for name in SHARED.split() if not re.search(rf"\.{name}(?![\w-])", _style())] == []


def test_every_class_of_a_page_is_styled() -> None:
    styled = set(re.findall(r"\.([a-z][\w-]*)", _style()))
    for path in sorted(Path(str(templates("web"))).rglob("*.html")):
        # What a condition adds counts as well, so the tags go and their words stay.
        source = re.sub(r"\{[%{].*?[%}]\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        used = {name for value in re.findall(r'\sclass="([^"]*)"', source) for name in value.split()}
        assert used - styled == set(), path.name


def test_the_measure_is_the_standard_one() -> None:
    assert round(_contrast("#fff", "#000000"), 2) == 21.0
    assert round(_contrast("#777777", "#ffffff"), 2) == 4.48
