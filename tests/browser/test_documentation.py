"""Every page of the documentation, as a reader sees it: nothing scrolls sideways but a table in its own box."""

import time
from urllib.parse import urljoin

import pytest

from tests.browser.conftest import Visit
from tests.browser.inspecting import Findings, look
from tests.browser.place import Place
from tests.browser.visitor import DESKTOP, PHONE

pytestmark = pytest.mark.timeout(900)
_TABLES = """() => [...document.querySelectorAll('table')].filter(
  each => each.getBoundingClientRect().right > innerWidth && !each.closest('.scroll')).length"""


def test_every_page_of_the_documentation_is_readable(visit: Visit, place: Place) -> None:
    visitor = visit(size=DESKTOP)
    visitor.go(f"{place.main}/docs")
    menu = [each.get_attribute("href") or "" for each in visitor.page.locator("nav.menu a").all()]
    assert len(menu) > 20
    visitor.go(f"{place.main}/docs/problems")
    problem = visitor.page.locator("main a[href^='/docs/problems/']").first.get_attribute("href") or ""
    findings, titles = Findings(), set()
    for path in [*menu, problem]:
        visitor.go(urljoin(place.main, path))
        titles.add(visitor.page.title())
        look(visitor.page, path.strip("/").replace("/", "-"), findings)
    assert findings.faults == []
    assert len(titles) == len(menu) + 1


def test_a_wide_table_scrolls_in_its_own_box_and_by_keyboard(visit: Visit, place: Place) -> None:
    visitor = visit(size=PHONE)
    visitor.go(f"{place.main}/docs/metrics")
    box = visitor.page.locator(".scroll").first
    assert visitor.page.evaluate(_TABLES) == 0
    wide, shown = box.evaluate("each => [each.scrollWidth, each.clientWidth]")
    assert wide > shown, "on a phone this table is wider than the window"
    box.focus()
    visitor.page.keyboard.press("ArrowRight")
    deadline = time.monotonic() + 60
    while not box.evaluate("each => each.scrollLeft"):
        assert time.monotonic() < deadline, "the arrow key does not scroll the table"
        time.sleep(0.1)
    assert visitor.page.evaluate("document.documentElement.scrollLeft") == 0


def test_the_documentation_leads_home(visit: Visit, place: Place) -> None:
    visitor = visit(size=PHONE)
    visitor.go(f"{place.main}/docs/start")
    visitor.page.locator("a.mark").click()
    visitor.page.wait_for_url(f"{place.main}/")


def test_on_a_phone_the_page_comes_before_the_list_of_all_pages(visit: Visit, place: Place) -> None:
    for size, listed in ((PHONE, False), (DESKTOP, True)):
        visitor = visit(size=size)
        visitor.go(f"{place.main}/docs/start")
        last = visitor.page.locator("nav.menu a").last
        assert last.is_visible() == listed
        assert visitor.page.locator("h1").bounding_box()["y"] < size[1] / 3  # type: ignore[index]
    visitor = visit(size=PHONE)
    visitor.go(f"{place.main}/docs/start")
    visitor.page.locator("nav.menu summary").click()
    visitor.page.locator("nav.menu a").last.click()
    visitor.page.wait_for_url(f"{place.main}/docs/api")
