"""What a performer signs besides a consent, on a phone: going on after a pause, limits, and an ending of their own."""

from tests.browser.conftest import Visit
from tests.browser.people import Person, arrive, passkey_button, sign, sign_in, take_up
from tests.browser.place import Place
from tests.browser.visitor import PHONE

QUESTION = ("--use", "train.voice", "--territory", "DE", "--language", "de", "--purpose", "audiobook")


def test_pausing_going_on_setting_limits_and_ending_with_the_passkey(
    visit: Visit, place: Place, newcomer: Person
) -> None:
    phone = visit(size=PHONE)
    sign_in(phone, place, newcomer)
    offer, code = place.invite()
    assert take_up(phone, place, code) == offer
    grant = sign(phone)
    question = ("--performer", place.ask(f"/v1/offers/{offer}")["performer"], *QUESTION)
    place.consent("check", *question, code=0)

    phone.click("Pause now")
    phone.says("paused by you")
    place.consent("check", *question, code=1)
    phone.click("Let it go on")
    arrive(phone, f"/resume/{grant}")
    passkey_button(phone).click()
    arrive(phone, f"/consents/{grant}")
    place.consent("check", *question, code=0)

    for on, told in ((True, "1 limit is on."), (False, "0 limits are on.")):
        phone.go(f"{place.main}/limits")
        phone.page.locator("input[value=political]").set_checked(on)
        phone.click("Go on to sign")
        arrive(phone, "/limits/sign")
        passkey_button(phone).click()
        arrive(phone, "/limits")
        phone.says(told)
        place.consent("check", *question, code=0)

    phone.go(f"{place.main}/consents/{grant}/end")
    phone.click("End it with a signature of my passkey instead")
    arrive(phone, f"/end/{grant}")
    phone.key.verifies(False)  # a finger that the phone does not know
    passkey_button(phone).click()
    phone.says("Nothing was done.")
    phone.key.verifies(True)
    passkey_button(phone).click()
    arrive(phone, f"/consents/{grant}/end")
    phone.says("by you, with your passkey")
    place.consent("check", *question, code=1)
