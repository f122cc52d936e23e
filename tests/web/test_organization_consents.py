"""Consents as their licensee reads them: every stop alike, told when it bites, and cheap by the thousand."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World
    from tests.web.browserless import Browser, Site
    from tests.web.organization_world import Company

MANY = 10_000
NASTY = '"><script>alert(1)</script>'
_GRANT = re.compile(r'href="/org/live/consents/(grt_[a-z2-7]{26})"')


@pytest.fixture
def company(site: "Site") -> "Company":
    """A company of this test's own."""
    from tests.web.organization_world import Company

    return Company.of(site)


def test_a_consent_shows_what_was_signed_and_what_happened(company: "Company") -> None:
    from signing.package import parse_package

    _person, grant = company.consent()
    browser = company.enter("desk")
    page = browser.get(f"/org/live/consents/{grant}").content.decode()
    for words in (
        "Ada Quill",
        "active",
        "The exact words that were signed",
        "The performer signed",
        "730 days left",
    ):
        assert words in page, words
    assert "Adelheid" not in page and "adelheid@mail.example" not in page and "1990" not in page
    assert "Your own name for this performer" not in page  # the desk only looks
    package = browser.get(f"/org/live/consents/{grant}/package")
    assert package.headers["Content-Disposition"] == f'attachment; filename="{grant}.grant.json"'
    assert parse_package(package.content).envelope.body["id"] == grant


def test_every_stop_reads_alike(company: "Company") -> None:
    from consent.registry.operations.suspend_grant import suspend_by_holder

    people = [company.consent() for _ in range(2)]
    world = company.world
    world.say("suspension", people[0][1], people[0][0].key)
    suspend_by_holder(world.ports, livemode=True, grant=people[1][1], holder="guild:voices", reason="strike")
    browser = company.enter("desk")
    assert "This consent is paused." in _stopped(browser, company, people)
    world.say("revocation", people[0][1], people[0][0].key)
    _end(world, people[1][1])
    assert "This consent has ended." in _stopped(browser, company, people)


def test_a_stop_is_told_only_when_it_is_enforced(company: "Company") -> None:
    from consent.log.models import Enforcement
    from consent.registry.models import GrantEnding

    browser = company.enter("desk")
    for path in ("", "/consents", "/consents/{grant}"):
        _person, grant = company.consent()
        _end(company.world, grant)  # it is committed, and nobody has waited for it
        own = GrantEnding.objects.filter(grant=grant).values("event")  # others of this run may have left some
        pending = Enforcement.objects.filter(enforced_at=None, event_id__in=own)
        assert pending.exists()
        browser.get(f"/org/live{path.format(grant=grant)}")
        assert browser.status == 200 and not pending.exists(), path


def _end(world: "World", grant: str) -> None:
    """An operator ends it, and does not wait."""
    from consent.registry.operations.revoke_grant import revoke_by_operator

    revoke_by_operator(
        world.ports, livemode=world.livemode, grant=grant, reason="a coercion", actor="operator-eins"
    )


def _stopped(browser: "Browser", company: "Company", people: list[Any]) -> str:
    """One page for both, which differ in nothing but their ids."""
    pages = []
    for person, grant in people:
        page = browser.get(f"/org/live/consents/{grant}").content.decode()
        for told in ("guild", "strike", "coercion", "operator-eins", "revoked"):
            assert told not in page, told
        pages.append(
            _plain(page.replace(grant, "G").replace(company.world.reference(company.id, person), "P"))
        )
    assert pages[0] == pages[1]
    return pages[0]


def _plain(page: str) -> str:
    """A page without its form tokens."""
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", page)


def test_a_term_that_is_over_reads_as_an_end(company: "Company") -> None:
    from tests.registry.terms import terms

    _person, grant = company.consent(terms=terms(valid_until="2026-12-03T00:00:00Z"))
    _other, standing = company.consent()
    browser = company.enter("desk")
    page = browser.get("/org/live").content.decode()
    assert "2 consents are active." in page and "in 1 day<" in page and "<circle" in page
    company.world.clock.forward(hours=40)
    browser = company.enter("desk")
    assert _GRANT.findall(browser.get("/org/live/consents?state=ended").content.decode()) == [grant]
    assert _GRANT.findall(browser.get("/org/live/consents?state=active").content.decode()) == [standing]
    page = browser.get("/org/live").content.decode()
    assert "1 consent is active." in page and "<circle" not in page


def test_a_company_names_a_performer_in_its_own_words(company: "Company") -> None:
    person, grant = company.consent()
    _second, other = company.consent()
    browser = company.enter("producer")
    address, naming = f"/org/live/consents/{grant}", f"/org/live/consents/{grant}/name"
    for name, status in (("p225", 200), ("two words", 422), ("", 422), ("x" * 129, 422), ("p226\x07", 422)):
        browser.get(address)
        browser.post({"external_id": name, "do": "set"}, to=naming)
        assert browser.status == status, name
    assert "p225" in browser.get("/org/live/consents").content.decode()
    assert _GRANT.findall(browser.get("/org/live/consents?performer=p225").content.decode()) == [grant]
    reference = company.world.reference(company.id, person)
    assert _GRANT.findall(browser.get(f"/org/live/consents?performer={reference}").content.decode()) == [
        grant
    ]
    browser.get(address)
    browser.post({"external_id": "p225", "do": "set"}, to=f"/org/live/consents/{other}/name")
    assert browser.status == 422 and "for another performer already" in browser.text
    browser.get(address)
    browser.post({"external_id": "p225", "do": "remove"}, to=f"/org/live/consents/{other}/name")
    assert browser.status == 404
    browser.get(address)
    browser.post({"external_id": "p225", "do": "remove"}, to=naming)
    assert browser.path == address and "p225" not in browser.text


def test_names_from_outside_are_only_text(company: "Company") -> None:
    from tests.registry.terms import TRAIN, terms
    from tests.web.organization_world import Company

    hostile = Company.of(company.site, f"Evil {NASTY} GmbH")
    line = {**TRAIN, "description": {"en": (NASTY + " words that fill a description ") * 6 + "."}}
    wanted = terms(line, project={"ref": NASTY, "title": f"{{{{7*7}}}} {NASTY}"})
    person = hostile.world.person(stage_name=f"Ada {NASTY}")
    person, grant = hostile.consent(terms=wanted, person=person)
    offer = hostile.draft(terms=wanted)
    key = hostile.key(name=NASTY, context={"base_model": NASTY.replace(" ", "")})
    browser = hostile.enter("owner", name=NASTY)
    browser.get(f"/org/live/consents/{grant}")
    browser.post({"external_id": NASTY.replace(" ", ""), "do": "set"}, to=f"/org/live/consents/{grant}/name")
    for path in (
        "", "/offers", f"/offers/{offer}", f"/offers/{offer}/withdraw", f"/offers/{offer}/edit", "/consents",
        f"/consents/{grant}", "/keys", f"/keys/{key.id}", f"/keys/{key.id}/revoke", "/console", "/members", "/audit",
    ):  # fmt: skip
        page = browser.get(f"/org/live{path}").content.decode()
        assert browser.status == 200 and "<script>alert" not in page, path
        assert "script" not in browser.last.headers["Content-Security-Policy"], path  # type: ignore[union-attr]


def test_ten_thousand_consents_are_as_cheap_as_ten(company: "Company") -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from consent.registry.models import Grant
    from tests.bench.many_consents import copy_consents

    _person, grant = company.consent()
    copy_consents(grant, MANY)
    browser = company.enter("owner")
    for path, most in (("/consents", 25), ("/consents?state=active", 25), ("", 30)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = browser.get(f"/org/live{path}")
        assert answer.status_code == 200 and len(answer.content) < 100_000, path
        assert len(queries) <= most, [each["sql"][:120] for each in queries]
    browser.get("/org/live/consents")
    assert len(_GRANT.findall(browser.text)) == 25
    older = re.search(r'href="(/org/live/consents\?older=[^"]+)"', browser.text)
    assert older is not None
    browser.get(older[1])
    assert len(_GRANT.findall(browser.text)) == 25
    listed = [
        each["sql"]
        for each in _queries(browser, older[1])
        if "signed_at" in each["sql"] and "LIMIT 26" in each["sql"]
    ]
    assert len(listed) == 1
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + listed[0])
        plan = json.dumps(cursor.fetchone()[0])
    assert "grant_by_side" in plan and "Seq Scan" not in plan, plan
    assert Grant.objects.filter(organization_id=company.id).count() == MANY + 1


def _queries(browser: "Browser", address: str) -> list[Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        browser.get(address)
    return list(queries)


def test_the_history_says_who_of_the_company_did_it(company: "Company") -> None:
    owner = company.enter("owner", name="Olga Own")
    developer = company.enter("developer", name="Dan Devel")
    producer = company.enter("producer", name="Pia Prod")
    developer.get("/org/live/keys/new")
    developer.post({"name": "cluster", "scopes": ["check"]})
    offer = company.draft()
    producer.get(f"/org/live/offers/{offer}")
    producer.post({"language": "en"}, to=f"/org/live/offers/{offer}/send")
    owner.get("/org/live/members/invite")
    owner.post({"name": "Nia New", "email": "nia@northlight.example", "role": "desk"})
    told = re.sub(r"<[^>]+>", "", owner.get("/org/live/audit").content.decode())
    for what, by in (
        ("An API key was made", "Dan Devel"),
        ("A request was sent", "Pia Prod"),
        ("A member was added Nia New", "Olga Own"),
        ("A member was given a link to come in Nia New", "Olga Own"),
    ):
        assert re.search(rf"{what}[^\n]* · {by}", told), what


def test_the_history_is_told_in_words_and_page_by_page(company: "Company") -> None:
    from consent.web.organization.audit import kind_words

    for _ in range(5):
        company.consent()
    company.key()
    browser = company.enter("owner")
    seen, address = [], "/org/live/audit"
    while address:
        page = browser.get(address).content.decode()
        seen += re.findall(r"<p>(.*?) (?:<a href|<code|</p>)", page)
        older = re.search(r'href="(/org/live/audit\?before=evt_[a-z2-7]{26})"', page)
        address = older[1] if older else ""
    assert seen[-1] == "Your company was recorded here" and "An API key was made" in seen
    assert seen.count("A performer signed") == 5
    assert not [words for words in seen if "." in words or "_" in words]  # no code of an event
    assert kind_words("not.known") == "not.known"
    for before in ("evt_" + "a" * 26, "17", "%00"):
        assert browser.get(f"/org/live/audit?before={before}").status_code in (200, 404)
