"""Text can be read by everybody, in the light and in the dark (WCAG 2.2 §1.4.3, AA)."""

import re

import pytest

from consent.core.resources import templates

AA_TEXT = 4.5  # WCAG 2.2 §1.4.3: contrast of ordinary text
AA_GRAPHIC = 3.0  # §1.4.11: of focus outlines
TEXT = [
    ("ink", "paper"),
    ("ink", "ground"),
    ("ink", "code"),
    ("soft", "paper"),
    ("soft", "ground"),
    ("brand", "paper"),
]
TEXT += [("brand", "ground"), ("ink", "brand-soft"), ("brand", "brand-soft")]


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
    faint = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in TEXT}
    assert all(ratio >= AA_TEXT for ratio in faint.values()), faint
    assert _contrast(colours["brand"], colours["ground"]) >= AA_GRAPHIC


def test_the_measure_is_the_standard_one() -> None:
    assert round(_contrast("#fff", "#000000"), 2) == 21.0
    assert round(_contrast("#777777", "#ffffff"), 2) == 4.48
