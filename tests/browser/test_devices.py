"""Phones, mail apps, devices without a screen lock, browsers without JavaScript: nobody is left outside."""

import re

from tests.browser.conftest import Visit
from tests.browser.people import (
    Person,
    arrive,
    choose,
    do,
    fill_in,
    passkey_button,
    sign,
    sign_in,
    somebody,
    take_up,
)
from tests.browser.place import Place
from tests.browser.visitor import DESKTOP, MAIL_APP, NO_PASSKEYS, Visitor


def switched_on(visitor: Visitor) -> list[str]:
    """The uses that are on."""
    boxes = visitor.page.locator("input[name=lines]:checked").all()
    return [str(box.get_attribute("value")) for box in boxes]


def test_everything_starts_off_and_what_is_chosen_on_one_device_stands_on_the_next(
    visit: Visit, place: Place
) -> None:
    _, code = place.invite()
    phone, laptop = visit(), visit(size=DESKTOP)
    phone.go(place.link(code))
    assert switched_on(phone) == []
    choose(phone, "l1")
    do(phone, "look")
    phone.page.wait_for_load_state("load")
    assert switched_on(phone) == ["l1"]
    laptop.go(place.link(code))
    assert switched_on(laptop) == ["l1"]
    laptop.says("in another browser")
    choose(laptop, "l2")
    do(laptop, "go")
    arrive(laptop, "/join")
    phone.page.reload()
    # Whoever asks has the link too: a browser shows its own choice, and the form that went on is what counts.
    assert switched_on(phone) == ["l1"]


def test_a_browser_inside_a_mail_app_says_how_to_go_on(visit: Visit, place: Place) -> None:
    _, code = place.invite()
    mail = visit(screen_lock=None, user_agent=MAIL_APP, script=NO_PASSKEYS)
    mail.go(place.link(code))
    assert mail.page.locator(".qr svg").count() == 1
    choose(mail, "l1")
    do(mail, "go")
    arrive(mail, "/join")
    words = mail.page.locator("[data-passkey-says=no_passkeys]")
    words.wait_for()
    assert "browser" in words.inner_text()
    assert passkey_button(mail).is_disabled()
    mail.page.get_by_text("Continue on another one").click()
    assert mail.page.locator(".qr svg").is_visible()
    assert mail.page.get_by_role("link", name=place.link(code)).is_visible()
    # The same link in the phone's own browser shows what was chosen.
    browser = visit()
    browser.go(place.link(code))
    assert switched_on(browser) == ["l1"]


def test_a_phone_without_a_screen_lock_is_told_what_to_set_up(visit: Visit, place: Place) -> None:
    _, code = place.invite()
    phone = visit(screen_lock=False)
    phone.go(place.link(code))
    choose(phone)
    do(phone, "go")
    arrive(phone, "/join")
    words = phone.page.locator("[data-passkey-says=no_screen_lock]")
    words.wait_for()
    assert "screen lock" in words.inner_text()
    person = somebody()
    fill_in(phone, person)
    passkey_button(phone).click()
    phone.page.locator("[role=alert]:visible").first.wait_for()
    assert phone.path == "/join"
    assert phone.page.locator("input[name=legal_name]").input_value() == person.legal_name


def test_without_javascript_everything_works_but_the_passkey(
    visit: Visit, place: Place, performer: Person
) -> None:
    signer = visit()
    sign_in(signer, place, performer)
    take_up(signer, place, place.invite()[1])
    grant = sign(signer)
    first, second = (take_up(signer, place, place.invite()[1]) for _ in range(2))

    plain = visit(javascript=False, screen_lock=None)
    plain.guard.allow("status of 422")
    plain.go(place.link(place.invite()[1]))
    choose(plain, "l1")
    do(plain, "look")
    plain.page.wait_for_load_state("load")
    assert switched_on(plain) == ["l1"]
    do(plain, "go")
    arrive(plain, "/join")
    assert "JavaScript" in plain.text()

    plain.context.clear_cookies()
    plain.context.add_cookies(signer.context.cookies(place.main))
    plain.go(f"{place.main}/requests/{first}")
    for box in plain.page.locator("input[name=lines]").all():
        box.uncheck()
    do(plain, "sign")
    plain.page.locator("[role=alert]").first.wait_for()
    choose(plain, "l2")
    do(plain, "look")
    plain.page.wait_for_load_state("load")
    assert switched_on(plain) == ["l2"]
    plain.click("Decline")
    arrive(plain, f"/requests/{first}/decline")
    plain.page.locator("main form button").first.click()
    arrive(plain, f"/requests/{first}")
    assert place.ask(f"/v1/offers/{first}")["state"] == "declined"

    plain.go(f"{place.main}/requests/{second}/changes")
    plain.page.locator("textarea[name=note]").fill("One year, please.")
    plain.page.locator("main form button").first.click()
    arrive(plain, f"/requests/{second}")
    assert place.ask(f"/v1/offers/{second}")["state"] == "changes_requested"

    plain.go(f"{place.main}/consents/{grant}/end")
    plain.page.get_by_role("button", name=re.compile("^End")).first.click()
    plain.page.get_by_text("may no longer").first.wait_for()
    assert place.ask(f"/v1/grants/{grant}")["state"] == "ended"

    plain.go(f"{place.main}/lost-key")
    plain.page.locator("input[name=email]").fill(performer.email)
    plain.page.locator("main form button").first.click()
    plain.page.wait_for_load_state("load")
    plain.go(f"{place.main}/leave")
    assert plain.path == "/docs/start"
