"""Looking at a page as its readers do: in light and dark, small and wide, with a screen reader's rules, on paper."""

from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
PAGES = ARTEFACTS / "pages"
SCHEMES = ("light", "dark")
WIDTHS = (360, 1280)
NARROWEST = 320  # WCAG 2.2, 1.4.10: a page reflows at 320 CSS pixels
HEIGHTS = {NARROWEST: 640, 360: 780, 1280: 900}
HIGHEST = 12_000  # pixels; Chromium draws no surface beyond 16,384
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

_OVERFLOW = """width => {
  if (document.documentElement.scrollWidth <= width) return [];
  const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1);
  const name = e => e.tagName.toLowerCase() + (e.className && e.className.split ? '.' + e.className : '');
  return [`${document.documentElement.scrollWidth} px wide`, ...out.slice(0, 5).map(name)];
}"""


@dataclass(slots=True)
class Findings:
    """What was seen on all pages, so that one run names every fault."""

    faults: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    bytes_by_name: dict[str, int] = field(default_factory=dict)


def violations(page: Page) -> list[str]:
    """axe-core's findings on the page as it is: rule, what it asks, and where."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: {[node['target'] for node in each['nodes'][:4]]}"
        for each in found.response["violations"]
    ]


def overflow(page: Page, width: int) -> list[str]:
    """What sticks out to the right at this width; empty where nothing does."""
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    return list(page.evaluate(_OVERFLOW, width))


def look(page: Page, name: str, findings: Findings, *, folder: Path = PAGES) -> None:
    """Photograph and examine the open page in every width and colour scheme; leaves it as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    page.evaluate("scrollTo(0, 0)")  # what sticks to the window would be photographed in the middle
    findings.names.append(name)
    for width in (NARROWEST, *WIDTHS):
        if wide := overflow(page, width):
            findings.faults.append(f"{name} at {width} px scrolls sideways: {', '.join(wide)}")
        # As high as the page, so that what sticks to the window's edges stands at the page's.
        high = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": min(max(high, HEIGHTS[width]), HIGHEST)})
        for scheme in SCHEMES if width in WIDTHS else ():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(
                path=folder / f"{name}-{width}-{scheme}.png", full_page=True, animations="disabled"
            )
            if (width, scheme) != (WIDTHS[-1], SCHEMES[-1]):  # dark colours were examined on the phone
                findings.faults += [f"{name} at {width} px, {scheme}: {each}" for each in violations(page)]
    page.emulate_media(color_scheme=None)
    if before is not None:
        page.set_viewport_size(before)
