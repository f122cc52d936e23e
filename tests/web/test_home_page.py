"""A performer's first page: how many may, what waits, and how each consent stands, in plain words."""

import re
from typing import TYPE_CHECKING

from tests.registry.terms import ADULT, TRAIN, terms

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_home_counts_in_words_and_shows_requests_first(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    page = ada.browser
    page.get("/home")
    assert "No companies may use your voice or face." in words(page.text)
    assert "Nobody has asked you for anything yet." in words(page.text)
    ada.consent(name="Harbour Games Ltd")
    ada.consent(name="Kestrel Chat Ltd")
    ada.request(ada.organization("Ferro Studio SpA"))
    page.get("/home")
    said = words(page.text)
    assert "Two companies may use your voice or face. One request is waiting." in said
    assert said.index("Ferro Studio SpA asks you") < said.index("Kestrel Chat Ltd active")
    assert "Let your copied voice speak · Make a computer copy of your voice" in said
    assert "until 1 December 2028" in said


def test_two_consents_with_one_company_are_one_company(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    organization = ada.organization()
    for _each in range(2):
        ada.sign(ada.request(organization))
    ada.browser.get("/home")
    assert "One company may use your voice or face." in words(ada.browser.text)


def test_each_way_to_stand_has_its_words(site: "Site") -> None:
    from consent.registry.operations.suspend_grant import suspend_by_holder
    from tests.web.performing import actor, words

    ada = actor(site)
    ada.consent(terms(ADULT), name="Waits Ltd")
    paused = ada.consent(name="Paused Ltd")
    suspend_by_holder(
        site.ports.registry, livemode=True, grant=paused, holder="guild:equity", reason="a strike"
    )
    ended = ada.consent(name="Ended Ltd")
    ada.browser.get(f"/consents/{ended}/end")
    ada.browser.post({"do": "now"})
    ada.browser.get("/home")
    said = words(ada.browser.text)
    assert "Waits Ltd waiting for your second yes" in said
    assert "Paused Ltd paused by your guild (equity)" in said
    assert "Ended Ltd ended on 1 December 2026" in said
    assert "No companies may use" in said
    assert f"/consents/{ended}/end" not in ada.browser.text
    ada.browser.get(f"/consents/{paused}")
    assert "by your guild (equity), a strike" in words(ada.browser.text)
    assert "Pause now" in words(ada.browser.text)  # one's own pause stands beside another's


def test_a_list_of_ten_thousand_goes_on_by_pages_of_25_each_small_and_cheap(site: "Site") -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.bench.many_consents import copy_consents
    from tests.web.performing import actor, words

    ada = actor(site)
    copy_consents(ada.consent(terms(TRAIN)), 10_000)
    page = ada.browser
    for path in ("/home", "/consents"):
        with CaptureQueriesContext(connection) as asked:
            page.get(path)
        assert page.status == 200 and len(page.text.encode()) < 100_000
        assert len(asked) < 20
    listed = _listed(page.text)
    for _number in range(3):
        older = page.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        page.get(older)
        listed += _listed(page.text)
    assert len(listed) == len(set(listed)) == 100
    assert "Newer" in words(page.text)
    for odd in ("grt_nobody", "\x00", "x" * 500):
        assert page.get(f"/consents?after={odd}").status_code == 200


def _listed(html: str) -> list[str]:
    return re.findall(r'href="/consents/(grt_[a-z2-7]+)"', html)


def test_a_key_without_an_identity_check_sees_what_waits_and_nothing_else(site: "Site") -> None:
    from tests.web.performing import actor

    ada = actor(site, verified=False)
    for path in ("/home", "/consents", "/limits", "/me/export"):
        assert ada.browser.get(path, follow=False).headers["Location"] == "/wait"


def test_nobody_who_is_not_signed_in_sees_anything(site: "Site") -> None:
    from tests.web.performing import actor

    grant = actor(site).consent()
    stranger = site.browser()
    for path in (
        "/home",
        "/consents",
        f"/consents/{grant}",
        f"/consents/{grant}/end",
        "/limits",
        "/me/export",
    ):
        answer = stranger.get(f"https://registry.example{path}", follow=False)
        assert answer.headers["Location"] == f"/sign-in?next={path}"
