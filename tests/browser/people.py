"""The people of the story: what they would never want to see on somebody else's page, and what they do."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator

from tests.browser.place import Place
from tests.browser.visitor import Visitor


@dataclass(slots=True, kw_only=True)
class Person:
    """A performer with an identity of their own. `passkeys` are what their phone keeps, once they have joined."""

    stage_name: str
    legal_name: str
    birth_date: date
    email: str
    passkeys: list[dict[str, Any]] = field(default_factory=list)

    def secrets(self) -> list[str]:
        """What no page, title, log line or file name of anybody else may hold, in the usual spellings."""
        born = self.birth_date
        day, month = str(born.day), born.strftime("%B")
        return [
            self.legal_name,
            *self.legal_name.split(),
            self.email,
            self.email.partition("@")[0],
            born.isoformat(),
            f"{day} {month} {born.year}",
            f"{month} {day}, {born.year}",
            born.strftime("%d.%m.%Y"),
            born.strftime("%d/%m/%Y"),
            born.strftime("%m/%d/%Y"),
        ]


def somebody(stage_name: str = "") -> Person:
    """A new person whose name, birthday and address stand nowhere else."""
    mark = secrets.token_hex(3).translate(str.maketrans("0123456789", "ghijklmnop"))
    return Person(
        stage_name=stage_name or f"Stage {mark.title()}",
        legal_name=f"Legalia{mark} Verborgen{mark}",
        birth_date=date(1960 + secrets.randbelow(40), 1 + secrets.randbelow(12), 1 + secrets.randbelow(28)),
        email=f"planted-{mark}@mailbox.example",
    )


def do(visitor: Visitor, value: str) -> None:
    """Press the button that says `do` = value."""
    visitor.page.locator(f"button[name=do][value='{value}']").first.click()


def passkey_button(visitor: Visitor) -> Locator:
    """The button that asks the passkey."""
    return visitor.page.locator("[data-passkey-button]").first


def arrive(visitor: Visitor, path: str) -> None:
    """Wait until the page with this path (a pattern) is there."""
    visitor.page.wait_for_url(lambda url: re.fullmatch(path, urlsplit(url).path) is not None)
    visitor.page.wait_for_load_state("load")


def choose(visitor: Visitor, *lines: str) -> None:
    """Switch uses on; all of them where none is named."""
    for box in visitor.page.locator("input[name=lines]").all():
        if not lines or box.get_attribute("value") in lines:
            box.check()


def fill_in(visitor: Visitor, person: Person) -> None:
    """Say who you are on the page that makes the first passkey."""
    page = visitor.page
    page.locator("input[name=legal_name]").fill(person.legal_name)
    page.locator("input[name=birth_date]").fill(person.birth_date.isoformat())
    page.locator("input[name=email]").fill(person.email)
    page.locator("input[name=stage_name]").fill(person.stage_name)


def join(visitor: Visitor, place: Place, code: str, person: Person) -> None:
    """From the invitation to the page that offers a second passkey."""
    visitor.go(place.link(code))
    choose(visitor)
    do(visitor, "go")
    arrive(visitor, "/join")
    fill_in(visitor, person)
    passkey_button(visitor).click()
    arrive(visitor, "/join/safe")
    person.passkeys = visitor.key.credentials()


def go_and_wait(visitor: Visitor) -> None:
    """On to the page that waits for the identity check."""
    do(visitor, "go")
    arrive(visitor, "/wait")


def sign(visitor: Visitor) -> str:
    """From the request to the signed consent; its id."""
    do(visitor, "sign")
    arrive(visitor, "/sign/.+")
    passkey_button(visitor).click()
    arrive(visitor, "/consents/grt_.+")
    return visitor.path.rpartition("/")[2]


def sign_in(visitor: Visitor, place: Place, person: Person) -> None:
    """Come in with the passkeys that the person already has, as on another device that shares them."""
    for passkey in person.passkeys:
        visitor.key.take(passkey)
    visitor.go(f"{place.main}/sign-in")
    passkey_button(visitor).click()
    visitor.page.wait_for_url(lambda url: urlsplit(url).path != "/sign-in")
    visitor.page.wait_for_load_state("load")


def take_up(visitor: Visitor, place: Place, code: str) -> str:
    """Signed in already: switch everything on, and go on to the request; the offer's id."""
    visitor.go(place.link(code))
    choose(visitor)
    do(visitor, "go")
    arrive(visitor, "/requests/off_.+")
    return visitor.path.rpartition("/")[2]


def become_operator(visitor: Visitor, link: str) -> None:
    """Make the operator's passkey by a one-use link."""
    visitor.go(link)
    visitor.page.locator("input[name=name]").fill("Olga Operator")
    passkey_button(visitor).click()
    arrive(visitor, "/operator/identity")


def approve(operator: Visitor, person: Person) -> None:
    """The examiner finds the person in the queue, holds a document against what they wrote, and says yes."""
    operator.page.get_by_role("link", name=person.legal_name).click()
    arrive(operator, "/operator/identity/cre_.+")
    form = operator.page.locator("form", has=operator.page.locator("input[name=decision][value=approve]"))
    for key in form.locator("input[name=keys][type=checkbox]").all():
        key.check()
    form.locator("input[name=seen]").check()
    form.get_by_role("button", name="Approve").click()
    arrive(operator, "/operator/identity")
