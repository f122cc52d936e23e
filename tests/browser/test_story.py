"""The whole story as people live it: a link, a yes, an allow; a no, a deny, and a proof that stays."""

import re

import pytest

from tests.browser.conftest import Visit
from tests.browser.people import approve, arrive, become_operator, go_and_wait, join, sign, somebody
from tests.browser.place import Place
from tests.browser.visitor import DESKTOP, PHONE, Visitor

MAX_SCREENS_TO_SIGN = 6  # DESIGN §11
MAX_SCREENS_TO_END = 3
QUESTION = ("--use", "train.voice", "--territory", "DE", "--language", "de", "--purpose", "audiobook")
INSTANT = re.compile(r"\d\d:\d\d:\d\d\.\d{3}")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_from_a_link_to_yes_to_no(visit: Visit, place: Place, size: tuple[int, int]) -> None:
    performer, operator = visit(size=size), visit(size=DESKTOP)
    person = somebody()
    offer, code = place.invite()

    join(performer, place, code, person)
    go_and_wait(performer)
    become_operator(operator, place.operator_link())
    approve(operator, person)
    arrive(performer, f"/requests/{offer}")  # by itself
    grant = sign(performer)
    to_sign = performer.screens()[:-1]  # the last one shows what was signed
    assert len(to_sign) <= MAX_SCREENS_TO_SIGN, to_sign

    reference = place.ask(f"/v1/offers/{offer}")["performer"]
    question = ("--performer", reference, *QUESTION)
    receipt = f"{grant}.receipt"
    place.consent("check", *question, "--receipt", receipt, code=0)

    performer.forget_screens()
    performer.go(f"{place.main}/home")
    end(performer)
    assert len(performer.screens()) <= MAX_SCREENS_TO_END, performer.screens()
    assert INSTANT.search(performer.text())

    place.consent("check", *question, code=1)
    place.consent("verify", "--allow-test", receipt, code=0)
    place.consent("verify", receipt, code=1)
    # Coming back to the page tells the same, and ends nothing twice.
    told = INSTANT.search(performer.text())
    performer.page.reload()
    again = INSTANT.search(performer.text())
    assert told is not None and again is not None and told.group() == again.group()


def end(performer: Visitor) -> None:
    """From home: one link, one button."""
    performer.page.get_by_role("link", name=re.compile("^End")).first.click()
    arrive(performer, "/consents/grt_.+/end")
    performer.page.get_by_role("button", name=re.compile("^End")).first.click()
    performer.page.get_by_text("may no longer").first.wait_for()
