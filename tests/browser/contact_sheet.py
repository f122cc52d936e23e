"""`python -m tests.browser.contact_sheet`: all screenshots of the last run on one sheet (`make pages`).

Writes artefacts/pages.html, which shows each page in full on a click, and artefacts/pages.png, a picture of it.
"""

import html
import re
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.inspecting import ARTEFACTS, PAGES

_NAME = re.compile(r"(?P<page>.+)-(?P<width>\d+)-(?P<scheme>light|dark)\.png")
_STYLE = """
body { font: 15px system-ui, sans-serif; margin: 24px; background: #ddd; color: #111 }
main { display: grid; grid-template-columns: 1fr 1fr; gap: 24px }
section { background: #fff; border-radius: 8px; padding: 12px }
h2 { font-size: 16px; margin: 0 0 8px }
.shots { display: flex; gap: 8px; align-items: flex-start }
.shots a { display: block; max-height: 360px; overflow: hidden; border: 1px solid #999 }
.shots img { display: block; width: 100% }
.w360 { flex: 1 1 0 } .w1280 { flex: 2.4 1 0 }
"""
_SHEET_WIDTH = 2000


def shots(folder: Path) -> dict[str, list[Path]]:
    """The screenshots by page, pages in the order in which they were taken."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.png"), key=lambda each: each.stat().st_mtime_ns):
        if match := _NAME.fullmatch(path.name):
            found.setdefault(match["page"], []).append(path)
    return found


def sheet(pages: dict[str, list[Path]], *, root: Path) -> str:
    """The HTML of the sheet, with addresses relative to `root`."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>All pages</title>",
        f"<style>{_STYLE}</style>",
    ]
    parts.append(f"<h1>{len(pages)} pages, on a phone and wide, in light and dark</h1><main>")
    for page, paths in pages.items():
        parts.append(f"<section><h2>{html.escape(page)}</h2><div class=shots>")
        for path in paths:
            match = _NAME.fullmatch(path.name)
            assert match is not None
            there = html.escape(path.relative_to(root).as_posix())
            words = html.escape(f"{page}, {match['width']} px, {match['scheme']}")
            parts.append(f"<a class=w{match['width']} href='{there}'><img src='{there}' alt='{words}'></a>")
        parts.append("</div></section>")
    return "\n".join([*parts, "</main>"])


def main() -> int:
    """Write the sheet and its picture; an exit code."""
    pages = shots(PAGES)
    if not pages:
        sys.stderr.write(f"contact sheet: expected screenshots in {PAGES}, found none; run `make pages`\n")
        return 1
    written = ARTEFACTS / "pages.html"
    written.write_text(sheet(pages, root=ARTEFACTS), "utf-8")
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        page = browser.new_page(viewport={"width": _SHEET_WIDTH, "height": 1000})
        page.goto(written.as_uri())
        page.screenshot(path=ARTEFACTS / "pages.png", full_page=True)
        browser.close()
    print(f"{len(pages)} pages: {written} and {ARTEFACTS / 'pages.png'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
