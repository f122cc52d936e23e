"""Keyboards, printers and narrow windows: whoever reads or writes in another way gets to the same place."""

from tests.browser.conftest import Visit
from tests.browser.people import Person, arrive, do, join, sign_in, somebody, take_up
from tests.browser.place import Place
from tests.browser.visitor import DESKTOP, Visitor

MAX_TABS = 60
_FOCUSED = """() => {
  const each = document.activeElement;
  const style = getComputedStyle(each);
  const box = each.getBoundingClientRect();
  return {
    words: (each.innerText || each.getAttribute('aria-label') || each.name || '').trim(),
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.width > 0,
  };
}"""


def tab_to(visitor: Visitor, words: str) -> list[str]:
    """Press Tab until the control that says so is reached; every stop on the way is visible."""
    stops: list[str] = []
    for _ in range(MAX_TABS):
        visitor.page.keyboard.press("Tab")
        at = visitor.page.evaluate(_FOCUSED)
        stops.append(at["words"])
        assert at["seen"], f"no focus ring on {at['words']!r}"
        assert at["inside"], f"{at['words']!r} has the focus outside of the window"
        if at["words"] == words:
            return stops
    raise AssertionError(f"{words!r} is not reached by Tab; the stops were {stops}")


def test_a_request_is_read_chosen_signed_and_ended_by_keyboard(
    visit: Visit, place: Place, performer: Person
) -> None:
    visitor = visit(size=DESKTOP)
    sign_in(visitor, place, performer)
    offer = take_up(visitor, place, place.invite()[1])
    visitor.page.reload()
    stops = tab_to(visitor, "Sign")
    assert stops[0] == "Skip to the content"
    assert stops.count("lines") == 2, "each use is a stop of its own"
    visitor.page.keyboard.press("Enter")
    arrive(visitor, f"/sign/{offer}")
    tab_to(visitor, "Sign with your passkey")
    visitor.page.keyboard.press("Enter")
    arrive(visitor, "/consents/grt_.+")
    tab_to(visitor, "End consent")
    visitor.page.keyboard.press("Enter")
    arrive(visitor, "/consents/grt_.+/end")
    tab_to(visitor, "End consent")
    visitor.page.keyboard.press("Enter")
    visitor.page.get_by_text("may no longer").first.wait_for()


def test_the_first_stop_skips_the_navigation(visit: Visit, place: Place) -> None:
    visitor = visit(size=DESKTOP)
    visitor.go(f"{place.main}/sign-in")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    assert visitor.page.url.endswith("#content")


def test_a_recovery_sheet_prints_its_code_and_nothing_else(visit: Visit, place: Place) -> None:
    visitor = visit()
    person = somebody()
    join(visitor, place, place.invite()[1], person)
    do(visitor, "sheet")
    code = visitor.page.locator("code.key")
    code.wait_for()
    visitor.page.emulate_media(media="print", color_scheme="dark")
    assert code.is_visible()
    for hidden in ("header.top", "footer", ".unprinted", ".skip"):
        for each in visitor.page.locator(hidden).all():
            assert not each.is_visible(), hidden
    ink, paper = (
        visitor.page.evaluate(f"getComputedStyle(document.body).{each}")
        for each in ("color", "backgroundColor")
    )
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    words = visitor.text()
    assert place.main in words
    assert not any(secret in words for secret in [*person.secrets(), person.stage_name])
