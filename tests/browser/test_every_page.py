"""Every page, as everybody sees it: readable, reachable, light, and silent about other people."""

import json
import time
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import Browser

from tests.browser import walk
from tests.browser.people import Person, arrive, sign_in, somebody
from tests.browser.place import Place
from tests.browser.touring import Tour
from tests.browser.visitor import DESKTOP, Visitor

pytestmark = pytest.mark.timeout(1200)  # the whole tour is one fixture
EXPECTED = "status of 4(03|04|09|10|22)"


@pytest.fixture(scope="module")
def people() -> list[Person]:
    """Two performers who know nothing of each other."""
    return [somebody(), somebody()]


@pytest.fixture(scope="module")
def guests(browser: Browser, place: Place) -> Iterator[dict[str, Visitor]]:
    """Everybody who walks; all of them are watched to the end."""
    made = {
        name: Visitor(browser, origins=place.origins, size=DESKTOP)
        for name in ("stranger", "young", "first", "second", "operator", "member", "keyless")
    }
    for each in made.values():
        each.guard.allow(EXPECTED)
    yield made
    for each in made.values():
        each.leave()


@pytest.fixture(scope="module")
def tour(place: Place, people: list[Person], guests: dict[str, Visitor]) -> Tour:
    """The walk."""
    tour = Tour(place)
    first, second = people
    walk.as_a_stranger(tour, guests["stranger"], place.invite()[1])
    walk.too_young(tour, guests["young"], place.invite()[1])
    offer, code = place.invite()
    walk.join_slowly(tour, guests["first"], code, first)
    second_code = place.invite()[1]
    walk.join_slowly(tour, guests["second"], second_code, second)
    walk.as_operator(tour, guests["operator"], place.operator_link(), first)
    arrive(guests["first"], "/wait|/requests/.+|/home")
    guests["first"].go(f"{place.main}/wait")
    arrive(guests["first"], f"/requests/{offer}")
    standing = walk.as_performer(
        tour, guests["first"], first, [offer, *walk.offers_for(guests["first"], place, 3)]
    )
    walk.as_member(tour, guests["member"], standing)
    sign_in(guests["keyless"], place, first)
    guests["keyless"].go(f"{place.main}/leave")
    walk.without_a_key(tour, guests["keyless"], first)
    walk.found_again(tour, guests["keyless"], first, standing)
    walk.on_this_computer(tour, guests["stranger"])
    return tour


def test_no_page_scrolls_sideways_or_breaks_a_rule_of_access(tour: Tour) -> None:
    assert tour.findings.faults == []


def test_no_page_is_heavy(tour: Tour) -> None:
    assert len(tour.seen) > 50
    assert tour.too_heavy() == []


def test_no_browser_was_asked_for_anything_it_must_not_do(tour: Tour, guests: dict[str, Visitor]) -> None:
    assert {name: each.guard.faults() for name, each in guests.items() if each.guard.faults()} == {}


def test_titles_tell_pages_apart(tour: Tour) -> None:
    by_title: dict[str, set[str]] = {}
    for each in tour.seen:
        by_title.setdefault(each.title, set()).add(each.name.partition("-")[0])
    assert all(title.strip(" ·") and len(title) > len(" · Consent registry") for title in by_title)


def test_nobodys_identity_stands_on_anybody_elses_page(tour: Tour, people: list[Person]) -> None:
    assert tour.leaks(people) == []


def test_nobodys_identity_stands_in_what_a_company_reads_or_downloads(
    tour: Tour, people: list[Person], place: Place
) -> None:
    grants = [each["id"] for each in place.ask("/v1/grants?limit=100")["data"]]
    assert len(grants) >= 2
    read = {f"/v1/{name}": place.ask(f"/v1/{name}?limit=100") for name in ("events", "offers", "grants")}
    told = {**read, **{grant: place.package(grant) for grant in grants}}
    whole = {name: json.dumps(value, ensure_ascii=False).lower() for name, value in told.items()}
    secrets = [secret.lower() for person in people for secret in person.secrets()]
    assert [(name, secret) for name, text in whole.items() for secret in secrets if secret in text] == []


def test_nobodys_identity_stands_in_a_log_or_a_file_name(
    tour: Tour, people: list[Person], place: Place
) -> None:
    secrets = [secret.encode() for person in people for secret in person.secrets()]
    logs = [
        place.folder / "up.log",
        *(place.state / "log").rglob("*"),
        *(place.state / "postgres").glob("*.log"),
    ]
    said = [
        f"{path.name} says {secret!r}"
        for path in logs
        if path.is_file()
        for secret in secrets
        if secret.lower() in path.read_bytes().lower()
    ]
    assert said == []
    names = [str(path.relative_to(place.state)).lower() for path in place.state.rglob("*")]
    assert [name for name in names for secret in secrets if secret.decode().lower() in name] == []


def test_mail_is_neutral_outside_and_speaks_to_its_own_reader_inside(
    tour: Tour, people: list[Person], place: Place
) -> None:
    deadline = time.monotonic() + 30  # the relay looks once a second
    while len(walk.mails(place)) < 4 and time.monotonic() < deadline:
        time.sleep(0.2)
    read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in walk.mails(place)]
    assert len(read) >= 4
    for mail in read:
        subject, whole = str(mail["Subject"]).lower(), str(mail).lower()
        for word in ("northlight", "voice", "adult", "stage"):
            assert word not in subject
        for person in people:
            for secret in person.secrets():
                assert secret.lower() not in subject
                if person.email not in str(mail["To"]):
                    assert secret.lower() not in whole
