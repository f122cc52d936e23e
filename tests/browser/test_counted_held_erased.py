"""What a company asked, what has to be kept, and being forgotten: each page with something on it, and looked at."""

import re
import time

import pytest

from tests.browser.conftest import Visit
from tests.browser.inspecting import Findings, look
from tests.browser.people import Person, arrive, become_operator, passkey_button, sign, sign_in, take_up
from tests.browser.place import Place
from tests.browser.visitor import DESKTOP, Visitor
from tests.browser.walk import ORGANIZATION

pytestmark = pytest.mark.timeout(900)
WITHIN_S = 60  # until answers are counted
GROUND = "A court asked us to keep everything until it has decided (case 12 O 34/26)."


def consent_of(visitor: Visitor, place: Place) -> tuple[str, str]:
    """One more consent: its id, and the reference that the company has for the performer."""
    offer = take_up(visitor, place, place.invite()[1])
    return sign(visitor), str(place.ask(f"/v1/offers/{offer}")["performer"])


def asked_about(place: Place, reference: str) -> None:
    """The company asks three times: twice for what it may, once for what it may not."""
    what = ("--performer", reference, "--territory", "DE", "--language", "de", "--purpose")
    for purpose, code in (("audiobook", 0), ("audiobook", 0), ("advertising", 1)):
        place.consent("check", *what, purpose, "--use", "train.voice", code=code)


def counted(visitor: Visitor, address: str, words: str) -> None:
    """Open the page again until it has counted so much."""
    deadline = time.monotonic() + WITHIN_S
    visitor.go(address)
    while words not in visitor.text():
        assert time.monotonic() < deadline, f"expected {words!r}, got: {visitor.text()}"
        time.sleep(0.5)
        visitor.page.reload()


def test_who_asked_stands_on_both_sides(visit: Visit, place: Place, newcomer: Person) -> None:
    findings = Findings()
    visitor = visit(size=DESKTOP)
    sign_in(visitor, place, newcomer)
    grant, reference = consent_of(visitor, place)
    asked_about(place, reference)
    counted(visitor, f"{place.main}/asked", "Allowed: 2 · Denied: 1")
    look(visitor.page, "performer-asked-counted", findings)
    visitor.page.locator("table.list a").first.click()
    arrive(visitor, "/asked/org_.+")
    look(visitor.page, "performer-asked-by-counted", findings)
    member = visit(size=DESKTOP)
    said = place.operator(
        "organization", "invite-member", ORGANIZATION, "--email", "second@northlight.example",
        "--role", "owner", "--name", "Second Member",
    )  # fmt: skip
    member.go(next(word for word in said.split() if "/m/" in word))
    passkey_button(member).click()
    member.page.wait_for_url("**/org/**")
    counted(member, f"{place.main}/org/test/consents/{grant}/checks", "Allowed: 2")
    look(member.page, "company-checks-counted", findings)
    assert findings.faults == []


def test_a_hold_is_placed_read_and_lifted_and_then_somebody_is_forgotten(
    visit: Visit, place: Place, newcomer: Person
) -> None:
    findings = Findings()
    performer, operator = visit(size=DESKTOP), visit(size=DESKTOP)
    for each in (performer, operator):
        each.guard.allow("status of 4(09|22)")
    sign_in(performer, place, newcomer)
    grant, _ = consent_of(performer, place)
    become_operator(operator, place.operator_link())
    operator.go(f"{place.main}/operator/holds")
    page = operator.page
    page.locator("textarea[name=ground]").evaluate("each => { each.form.noValidate = true }")
    page.locator("input[name=who]").fill("grt_nobody")
    page.locator("input[name=until]").fill("2099-01-31")
    operator.click("Place the hold")
    page.locator(".problem").first.wait_for()
    look(page, "operator-holds-faults", findings)
    page.locator("input[name=who]").fill(grant)
    page.locator("textarea[name=ground]").fill(GROUND)
    operator.click("Place the hold")
    operator.says("until 31 January 2099")
    look(page, "operator-holds-one", findings)
    performer.go(f"{place.main}/me/erase")
    performer.says("Not now: something has to be kept")
    performer.says(GROUND)
    assert performer.page.get_by_role("button", name="Go on to the last step").count() == 0
    look(performer.page, "performer-erase-held", findings)
    page.locator("button[value=lift]").click()
    operator.says("Nobody is held at the moment")
    performer.page.reload()
    performer.click("Go on to the last step")
    arrive(performer, "/erase/sign")
    look(performer.page, "signing-erase", findings)
    passkey_button(performer).click()
    arrive(performer, "/erased/era_.+")
    performer.says("You are erased")
    look(performer.page, "public-erased", findings)
    operator.go(f"{place.main}/operator/holds")
    assert re.search(r"era_\w+", operator.text())
    look(page, "operator-holds-erasure", findings)
    assert findings.faults == []
