"""The tour's way through all pages, room by room. Each step leaves the registry as somebody would in real life."""

import re
import time
from email import message_from_bytes, policy
from pathlib import Path

from tests.browser.authenticator import Authenticator
from tests.browser.people import (
    Person,
    approve,
    arrive,
    become_operator,
    choose,
    do,
    fill_in,
    go_and_wait,
    passkey_button,
    sign,
    take_up,
)
from tests.browser.place import Place
from tests.browser.touring import Tour
from tests.browser.visitor import Visitor

ORGANIZATION = "org_test_northlight"
MAIL_WITHIN_S = 30


def as_a_stranger(tour: Tour, visitor: Visitor, code: str) -> None:
    """Everything that stands open, and everything that says no."""
    place = tour.place
    tour.crawl(visitor, f"{place.main}/", "public")
    for path, name in (
        ("/i/WRNG-WRNG-WRNG-WRNG", "invitation-closed"),
        ("/stop/" + "x" * 43, "link-spent"),
        ("/o/" + "x" * 43, "operator-link-spent"),
        ("/nothing/here", "not-found"),
        ("/no-thank-you", "no-thank-you"),
    ):
        visitor.go(place.main + path)
        tour.look(visitor, f"public-{name}")
    visitor.go(f"{place.signing}/sign/off_aaaaaaaaaaaaaaaaaaaaaaaaaa")
    tour.look(visitor, "signing-nothing-to-do")
    visitor.go(f"{place.main}/recover")
    visitor.page.locator("input[name=code]").fill("AAAA-AAAA-AAAA-AAAA-AAAA-AAAA")
    visitor.page.locator("main form button").first.click()
    visitor.page.locator(".problem").first.wait_for()
    tour.look(visitor, "public-recover-wrong")
    visitor.go(place.link(code))
    tour.look(visitor, "public-invitation")
    choose(visitor)
    do(visitor, "look")
    visitor.page.wait_for_url("**#could")
    tour.look(visitor, "public-invitation-chosen")


def join_slowly(tour: Tour, visitor: Visitor, code: str, person: Person) -> None:
    """Everything that can happen on the way to an account."""
    visitor.go(tour.place.link(code))
    choose(visitor)
    do(visitor, "go")
    arrive(visitor, "/join")
    tour.look(visitor, "signing-join", person)
    fill_in(visitor, person)
    visitor.key.verifies(False)
    passkey_button(visitor).click()
    visitor.page.locator("[role=alert]:visible").first.wait_for()
    tour.look(visitor, "signing-join-cancelled", person)
    visitor.key.verifies(True)
    passkey_button(visitor).click()
    arrive(visitor, "/join/safe")
    tour.look(visitor, "signing-join-safe", person)
    person.passkeys = visitor.key.credentials()
    visitor.key.answers(False)
    ring = Authenticator(visitor.page, transport="usb")
    with visitor.page.expect_navigation():
        passkey_button(visitor).click()
    assert len(ring.credentials()) == 1
    ring.unplug()
    visitor.key.answers(True)
    do(visitor, "sheet")
    visitor.page.locator("code.key").wait_for()
    tour.look(visitor, "signing-recovery-sheet", person)
    visitor.page.locator("main a.btn").click()
    arrive(visitor, "/join/safe")
    tour.look(visitor, "signing-join-safe-done", person)
    go_and_wait(visitor)
    visitor.go(f"{tour.place.main}/wait?still")
    tour.look(visitor, "performer-wait", person)


def too_young(tour: Tour, visitor: Visitor, code: str) -> None:
    """Somebody who says a birthday that the browser would not have let through."""
    visitor.go(tour.place.link(code))
    do(visitor, "go")
    arrive(visitor, "/join")
    page = visitor.page
    page.evaluate("document.querySelector('form[data-passkey]').noValidate = true")
    page.locator("input[name=legal_name]").fill("Young Person")
    page.locator("input[name=birth_date]").evaluate("each => { each.removeAttribute('max') }")
    page.locator("input[name=birth_date]").fill("")
    page.locator("input[name=stage_name]").fill("Young")
    page.locator("input[name=email]").fill("young@mailbox.example")
    with page.expect_navigation():
        passkey_button(visitor).click()
    tour.look(visitor, "signing-join-faults")
    page.evaluate("document.querySelector('form[data-passkey]').noValidate = true")
    page.locator("input[name=birth_date]").evaluate("each => { each.removeAttribute('max') }")
    page.locator("input[name=birth_date]").fill("2015-06-07")
    with page.expect_navigation():
        passkey_button(visitor).click()
    tour.look(visitor, "signing-join-too-young")


def as_operator(tour: Tour, visitor: Visitor, link: str, person: Person) -> None:
    """From the one-use link to the decision."""
    visitor.go(link)
    tour.look(visitor, "operator-link")
    become_operator(visitor, link)
    tour.crawl(visitor, f"{tour.place.main}/operator/identity", "operator")
    visitor.go(f"{tour.place.main}/operator/identity")
    approve(visitor, person)
    tour.look(visitor, "operator-approved", examines=True)


def as_performer(tour: Tour, visitor: Visitor, person: Person, offers: list[str]) -> str:
    """From requests to consents, and all that can be done with them; the consent that is left standing."""
    place, page = tour.place, visitor.page
    first, declined, changed, other = offers
    visitor.go(f"{place.main}/home")
    tour.look(visitor, "performer-home-requests", person)
    visitor.go(f"{place.main}/requests/{first}")
    tour.look(visitor, "performer-request", person)
    for box in page.locator("input[name=lines]").all():
        box.uncheck()
    do(visitor, "sign")
    page.locator("[role=alert]").first.wait_for()
    tour.look(visitor, "performer-request-nothing-on", person)
    visitor.go(f"{place.main}/requests/{declined}/decline")
    tour.look(visitor, "performer-decline", person)
    page.locator("main form button").first.click()
    arrive(visitor, f"/requests/{declined}")
    tour.look(visitor, "performer-declined", person)
    visitor.go(f"{place.main}/requests/{changed}/changes")
    tour.look(visitor, "performer-changes", person)
    page.locator("textarea[name=note]").fill("One year, please.")
    page.locator("main form button").first.click()
    arrive(visitor, f"/requests/{changed}")
    tour.look(visitor, "performer-changes-asked", person)
    visitor.go(f"{place.main}/requests/{first}")
    choose(visitor)
    do(visitor, "sign")
    arrive(visitor, "/sign/.+")
    tour.look(visitor, "signing-sign", person)
    visitor.key.verifies(False)
    passkey_button(visitor).click()
    page.locator("[role=alert]:visible").first.wait_for()
    tour.look(visitor, "signing-sign-cancelled", person)
    visitor.key.verifies(True)
    passkey_button(visitor).click()
    arrive(visitor, "/consents/grt_.+")
    tour.look(visitor, "performer-signed", person)
    standing = visitor.path.rpartition("/")[2]
    visitor.go(f"{place.main}/requests/{other}")
    choose(visitor)
    ended = sign(visitor)
    visitor.go(f"{place.main}/consents/{ended}")
    with page.expect_navigation():
        visitor.click("Pause now")
    tour.look(visitor, "performer-paused", person)
    page.locator("form[action$='/sign/resume'] button").first.click()
    arrive(visitor, "/resume/.+")
    tour.look(visitor, "signing-resume", person)
    passkey_button(visitor).click()
    arrive(visitor, "/consents/grt_.+")
    visitor.go(f"{place.main}/consents/{ended}/end")
    tour.look(visitor, "performer-end", person)
    do(visitor, "now")
    page.get_by_text("may no longer").first.wait_for()
    tour.look(visitor, "performer-ended", person)
    tour.crawl(visitor, f"{place.main}/home", "performer", person, skip="^/$")
    _limits_and_keys(tour, visitor, person)
    return standing


def _limits_and_keys(tour: Tour, visitor: Visitor, person: Person) -> None:
    place, page = tour.place, visitor.page
    visitor.go(f"{place.main}/limits")
    page.locator("input[name=never]").first.check()
    visitor.click("Go on to sign")
    arrive(visitor, "/limits/sign")
    tour.look(visitor, "signing-limits", person)
    visitor.go(f"{place.main}/keys")
    page.locator("form[action='/keys/new'] button").click()
    arrive(visitor, "/keys/add")
    tour.look(visitor, "signing-add-key", person)
    visitor.key.answers(False)
    ring = Authenticator(page, transport="usb")
    with page.expect_navigation():
        passkey_button(visitor).click()
    visitor.key.answers(True)
    ring.unplug()
    tour.look(visitor, "signing-add-key-vouch", person)
    passkey_button(visitor).click()
    arrive(visitor, "/keys")
    tour.look(visitor, "performer-keys-added", person)


def as_member(tour: Tour, visitor: Visitor, grant: str) -> None:
    """The company's side: in by a one-use link, then everywhere."""
    place, page = tour.place, visitor.page
    said = place.operator(
        "organization", "invite-member", ORGANIZATION, "--email", "member@northlight.example",
        "--role", "owner", "--name", "Mia Member",
    )  # fmt: skip
    visitor.go(next(word for word in said.split() if "/m/" in word))
    tour.look(visitor, "company-link")
    passkey_button(visitor).click()
    visitor.page.wait_for_url("**/org/**")
    tour.crawl(visitor, f"{place.main}/org/test", "company", skip="^/(org/live|lost-key|recover|sign-in)?$")
    visitor.go(f"{place.main}/org/test/consents/{grant}")
    tour.look(visitor, "company-consent-standing")
    visitor.go(f"{place.main}/org/test/console")
    for reference, name in (("prf_test_allow", "allow"), ("prf_test_deny", "deny")):
        page.locator("input[name=performer]").fill(reference)
        page.locator("input[name=territory]").fill("DE")
        page.locator("input[name=language]").fill("de")
        page.locator("select[name=purpose]").select_option("audiobook")
        visitor.click("Ask")
        page.locator(f".result.{name}").wait_for()
        tour.look(visitor, f"company-console-{name}")
    visitor.go(f"{place.main}/org/test/keys/new")
    page.locator("input[name=name]").fill("Training cluster")
    page.locator("input[name=scopes]").first.check()
    visitor.click("Make the key")
    page.locator("code.key").wait_for()
    tour.look(visitor, "company-key-made")


def without_a_key(tour: Tour, visitor: Visitor, person: Person) -> None:
    """Everything is lost but the mailbox."""
    place, page = tour.place, visitor.page
    visitor.go(f"{place.main}/lost-key")
    page.locator("input[name=email]").fill(person.email)
    with page.expect_navigation():
        page.locator("main form button").first.click()
    tour.look(visitor, "public-lost-key-sent", person)
    stop, recover = mailed_links(place, person)
    visitor.go(recover)
    tour.look(visitor, "public-recover-link", person)
    page.locator("main form button").first.click()
    arrive(visitor, "/recover-key")
    tour.look(visitor, "signing-recover-key", person)
    visitor.go(stop)
    tour.look(visitor, "public-stop-link", person)
    page.locator("main form button").first.click()
    arrive(visitor, "/stop")
    tour.look(visitor, "public-stop", person)
    with page.expect_navigation():
        page.locator("button[name=do][value=pause]").first.click()
    tour.look(visitor, "public-stop-paused", person)
    with page.expect_navigation():
        page.locator("button[name=do][value=end]").first.click()
    tour.look(visitor, "public-stop-ending", person)


def found_again(tour: Tour, visitor: Visitor, person: Person, grant: str) -> None:
    """The phone lay under the sofa: what was begun without it is taken back, or signed."""
    place, page = tour.place, visitor.page
    visitor.go(f"{place.main}/leave")
    visitor.go(f"{place.main}/sign-in")
    passkey_button(visitor).click()
    arrive(visitor, "/home")
    tour.look(visitor, "performer-home-ending", person)
    visitor.go(f"{place.main}/consents/{grant}")
    tour.look(visitor, "performer-consent-ending", person)
    page.locator("form[action$='/sign/cancel'] button").click()
    arrive(visitor, "/cancel/.+")
    tour.look(visitor, "signing-cancel", person)
    passkey_button(visitor).click()
    arrive(visitor, f"/consents/{grant}")
    visitor.go(f"{place.main}/consents/{grant}/end")
    do(visitor, "sign")
    arrive(visitor, "/end/.+")
    tour.look(visitor, "signing-end", person)


def on_this_computer(tour: Tour, visitor: Visitor) -> None:
    """The laptop's own mailbox, which shows whatever was written to anybody."""
    visitor.go(f"{tour.place.main}/mail")
    tour.look(visitor, "laptop-mail", examines=True)
    visitor.page.locator("td a").first.click()
    visitor.page.locator("pre.mail").wait_for()
    tour.look(visitor, "laptop-mail-one", examines=True)


def mailed_links(place: Place, person: Person) -> tuple[str, str]:
    """The two links of the mail to somebody who lost their key; the relay sends about once a second."""
    deadline = time.monotonic() + MAIL_WITHIN_S
    while time.monotonic() < deadline:
        for path in mails(place):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            body = mail.get_body(("plain",))
            words = "" if body is None else str(body.get_content())
            stop, recover = (re.search(rf"http\S+/{name}/\S+", words) for name in ("stop", "recover"))
            if person.email in str(mail["To"]) and stop and recover:
                return stop.group(), recover.group()
        time.sleep(0.2)
    raise AssertionError("no mail with the two links has arrived")


def mails(place: Place) -> list[Path]:
    """All mail that the laptop has sent."""
    return sorted((place.state / "mail").glob("*.eml"))


def offers_for(visitor: Visitor, place: Place, count: int) -> list[str]:
    """Requests that somebody signed in has taken up."""
    return [take_up(visitor, place, place.invite()[1]) for _ in range(count)]
