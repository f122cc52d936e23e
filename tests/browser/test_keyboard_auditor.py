"""Whoever checks us with a keyboard only: a file is verified and an entry of the log is found without a mouse."""

from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.test_reading import tab_to
from tests.browser.visitor import DESKTOP, PHONE, Visitor
from tests.signing.verify_corpus import FOLDER


def choose_by_keyboard(visitor: Visitor, name: str) -> None:
    """Tab on to the file field of that name, and open it with the space bar."""
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.id") == name:
            break
    assert visitor.page.evaluate("document.activeElement.id") == name
    ring = visitor.page.evaluate(
        "[getComputedStyle(document.activeElement).outlineStyle, document.activeElement.matches(':focus-visible')]"
    )
    assert ring[0] != "none" and ring[1]
    with visitor.page.expect_file_chooser() as chooser:
        visitor.page.keyboard.press("Space")
    chooser.value.set_files(FOLDER / ("trust.json" if name == "trust" else "files/of-test.receipt"))


def test_a_file_is_verified_by_keyboard(visit: Visit, place: Place) -> None:
    for size in (DESKTOP, PHONE):
        visitor = visit(size=size)
        visitor.page.on("filechooser", lambda chooser: None)  # from the start, or the first one may be missed
        visitor.go(f"{place.main}/verify")
        page = visitor.page
        choose_by_keyboard(visitor, "file")
        visitor.says("Not valid")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.locator("#test").is_checked()
        tab_to(visitor, "Other keys, another time")
        page.keyboard.press("Enter")
        choose_by_keyboard(visitor, "trust")
        page.keyboard.press("Tab")
        page.keyboard.type("2026-12-02T10:00:00Z")
        page.keyboard.press("Tab")
        visitor.says("Valid: receipt (test side)")
        page.locator(
            "#at"
        ).focus()  # whether Tab came to the old outcome or past it depends on who was faster
        tab_to(visitor, "As JSON")
        page.keyboard.press("Enter")
        assert page.locator("#facts").is_visible()
        assert page.locator("[aria-live=polite] #result").count() == 1, "a screen reader is told the outcome"


def test_an_entry_of_the_log_is_found_by_keyboard(visit: Visit, place: Place) -> None:
    visitor = visit(size=DESKTOP)
    visitor.guard.allow("status of 422")
    visitor.go(f"{place.main}/log")
    page = visitor.page
    page.locator("#test input[name=index]").wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "index-test":
            break
    page.keyboard.type("999999999")
    page.keyboard.press("Enter")
    visitor.says("There is no such entry")
    assert page.locator("input[name=index]").get_attribute("aria-invalid") == "true"
    tab_to(visitor, "index")
    page.keyboard.press("Control+A")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/log/test/entries/0")
    tab_to(visitor, "The same in words")
    page.keyboard.press("Enter")
    assert page.locator("details[open] li").count() >= 1
    tab_to(visitor, "The next")
    page.keyboard.press("Enter")
    page.wait_for_url("**/log/test/entries/1")
