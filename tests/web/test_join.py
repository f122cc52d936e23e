"""Joining by an invitation: one page, all of it or nothing, and only for adults."""

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_from_the_link_to_the_request_in_five_screens(site: "Site") -> None:
    from tests.web.newcomers import invited, joined, whose

    code = invited(site)
    browser = joined(site, code, "l1")
    site.world.verify(whose(browser))
    browser.get("/wait")
    assert browser.path.startswith("/requests/off_") and browser.status == 200
    shown = [screen.partition(":")[2] for screen in browser.screens]
    assert [path.partition("/off_")[0] for path in shown] == [
        f"/i/{code}",
        "/join",
        "/join/safe",
        "/wait",
        "/requests",
    ]
    assert 'value="l1" checked' in browser.text and 'value="l2" checked' not in browser.text


def test_what_is_kept_is_what_was_said(site: "Site") -> None:
    from consent.registry.models import Credential, StageName
    from consent.registry.queries.identity import identity_of
    from tests.web.newcomers import ABOUT, invited, join, whose

    performer = whose(join(site, invited(site)))
    person = identity_of(site.world.ports, performer=performer)
    assert (person.legal_name, person.birth_date.isoformat(), person.email) == (
        ABOUT["legal_name"],
        ABOUT["birth_date"],
        ABOUT["email"],
    )
    key = Credential.objects.get(performer_id=performer)
    assert (key.state, key.label, key.kind) == ("pending", "the blue one", "passkey")
    assert list(StageName.objects.filter(performer_id=performer).values_list("name", flat=True)) == [
        "Ada Quill"
    ]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"legal_name": "  "}, "legal_name"),
        ({"stage_name": ""}, "stage_name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"birth_date": "3 February 1990"}, "birth_date"),
        ({"birth_date": "2990-01-01"}, "birth_date"),
        ({"birth_date": "1790-01-01"}, "birth_date"),
        ({"stage_name": "Ada\u202equill"}, "stage_name"),
        ({"legal_name": "x" * 300}, "legal_name"),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_else_is_lost(
    site: "Site", changes: dict[str, str], fault: str
) -> None:
    from tests.web.newcomers import ABOUT, at_join, invited, people

    browser = at_join(site, invited(site))
    before = people()
    browser.use_passkey({**ABOUT, **changes})
    assert browser.status == 422 and people() == before
    assert f'id="f-{fault}-error"' in browser.text
    for name, value in ABOUT.items():
        assert name in changes or f'value="{value}"' in browser.text, name
    browser.use_passkey(ABOUT)
    assert browser.path == "/join/safe" and people() == before + 1


def test_a_second_try_replaces_what_the_first_left_on_the_device(site: "Site") -> None:
    from tests.web.newcomers import ABOUT, at_join, invited

    browser = at_join(site, invited(site))
    first = browser.options()
    browser.use_passkey({**ABOUT, "email": ""})
    again = browser.options()
    assert first["user"]["id"] == again["user"]["id"] and first["challenge"] != again["challenge"]


@pytest.mark.parametrize("born", ["2008-12-02", "2015-06-01", "2026-11-30"])
def test_somebody_under_age_is_turned_away_kindly_and_nothing_is_kept(site: "Site", born: str) -> None:
    from tests.web.newcomers import ABOUT, at_join, invited, people

    browser = at_join(site, invited(site))
    before = people()
    browser.use_passkey({**ABOUT, "birth_date": born})
    assert browser.status == 403 and "when you are 18" in browser.text and people() == before
    assert ABOUT["legal_name"] not in browser.text
    assert not browser.cookies("https://sign.registry.example")
    browser.get("/join")
    assert browser.status == 410, "the way is closed for this visit"


def test_eighteen_today_is_old_enough(site: "Site") -> None:
    from tests.web.newcomers import invited, join

    assert site.world.clock.now.date().isoformat() == "2026-12-01"
    join(site, invited(site), birth_date="2008-12-01")


def test_the_form_tells_the_browser_the_youngest_day(site: "Site") -> None:
    from tests.web.newcomers import at_join, invited

    assert 'max="2008-12-01"' in at_join(site, invited(site)).text


def test_two_people_with_one_invitation_one_joins_and_the_other_keeps_nothing(site: "Site") -> None:
    from django.db import connection

    from tests.web.newcomers import ABOUT, at_join, invited, people

    code = invited(site)
    browsers = [at_join(site, code), at_join(site, code)]
    before = people()

    def send(browser: Any) -> None:
        browser.use_passkey(ABOUT)
        connection.close()

    threads = [threading.Thread(target=send, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends = sorted((browser.status, browser.path) for browser in browsers)
    assert ends == [(200, "/join/safe"), (410, "/join")] and people() == before + 1
    loser = next(browser for browser in browsers if browser.status == 410)
    assert "Nothing about you was kept" in loser.text


def test_somebody_elses_passkey_cannot_join_again(site: "Site") -> None:
    from consent.registry.operations.passkeys import find_passkey
    from tests.web.newcomers import ABOUT, at_join, invited, join, people

    first = join(site, invited(site))
    known = first.passkey
    assert known is not None
    thief = at_join(site, invited(site))
    before, kept_id = people(), known.credential_id
    thief.passkey = known
    thief.use_passkey(ABOUT)
    assert thief.status == 422 and "known already" in thief.text and people() == before
    assert find_passkey(kept_id) is not None


def test_a_passkey_made_for_another_visit_is_refused(site: "Site") -> None:
    from tests.web.newcomers import ABOUT, at_join, invited, people

    victim, attacker = at_join(site, invited(site)), at_join(site, invited(site))
    before = people()
    answer = attacker.answer()
    victim.post({**ABOUT, "passkey": answer, "ceremony": attacker.hidden()["ceremony"]})
    assert victim.status == 422 and people() == before
    victim.post({**ABOUT, "passkey": answer})
    assert victim.status == 422 and people() == before


def test_whoever_took_too_long_is_told_so_and_loses_nothing(site: "Site") -> None:
    from datetime import timedelta

    from consent.web.models import Ceremony
    from tests.web.newcomers import ABOUT, at_join, invited, people

    browser = at_join(site, invited(site))
    before = people()
    asked = Ceremony.objects.filter(id=browser.hidden()["ceremony"])
    asked.update(expires_at=asked.get().expires_at - timedelta(minutes=11))
    browser.use_passkey(ABOUT)
    assert browser.status == 422 and "more than ten minutes" in browser.text and people() == before
    assert f'value="{ABOUT["legal_name"]}"' in browser.text
    browser.use_passkey(ABOUT)
    assert browser.path == "/join/safe"


def test_a_passkey_made_on_the_main_origin_is_none_of_ours(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import ABOUT, at_join, invited, people

    browser = at_join(site, invited(site))
    before = people()
    browser.use_passkey(ABOUT, origin=MAIN)
    assert browser.status == 422 and people() == before


def test_joining_begins_a_new_session_on_both_origins(site: "Site") -> None:
    from tests.web.browserless import MAIN, SIGNING
    from tests.web.newcomers import ABOUT, at_join, invited

    browser = at_join(site, invited(site))
    before = {origin: browser.cookies(origin) for origin in (MAIN, SIGNING)}
    browser.use_passkey(ABOUT)
    browser.post({"do": "go"})
    assert browser.path == "/wait"
    for origin, cookies in before.items():
        assert cookies and not set(cookies.values()) & set(browser.cookies(origin).values())


def test_an_attackers_ticket_opened_by_somebody_else_is_refused(site: "Site") -> None:
    from tests.web.browserless import MAIN, SIGNING
    from tests.web.newcomers import invited

    attacker = site.browser()
    attacker.get(f"{MAIN}/i/{invited(site)}")
    attacker.post({"do": "go"}, follow=False)
    assert attacker.last is not None
    ticket = attacker.last.headers["Location"]
    assert ticket.startswith(f"{SIGNING}/h/")
    victim = site.browser()
    victim.get(ticket, site="cross-site")
    assert victim.status == 410 and victim.path != "/join"
    attacker.get(ticket, site="same-site")
    assert attacker.status == 410, "the ticket is used up, whoever brought it"


def test_going_back_to_the_form_after_joining_leads_on(site: "Site") -> None:
    from tests.web.newcomers import invited, join

    browser = join(site, invited(site))
    browser.get("/join")
    assert browser.path == "/join/safe"


def test_a_second_passkey_is_offered_for_another_device(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.newcomers import invited, join, whose

    browser = join(site, invited(site))
    performer, first = whose(browser), browser.passkey
    assert first is not None
    excluded = browser.options()["excludeCredentials"]
    assert len(excluded) == 1, "the same device is not asked twice"
    browser.passkey = SoftwareAuthenticator()
    site.world.clock.forward(seconds=1)
    browser.use_passkey({"label": "my tablet"})
    assert browser.path == "/join/safe" and "my tablet" in browser.text
    kept = passkeys_of(performer)
    assert [key.label for key in kept] == ["the blue one", "my tablet"]
    assert kept[0].user_handle == kept[1].user_handle
    site.world.verify(performer)
    assert {key.state for key in passkeys_of(performer)} == {"active"}
    browser.get("/join/safe")
    browser.passkey = SoftwareAuthenticator()
    browser.use_passkey({"label": "too late"})
    assert browser.status == 422 and len(passkeys_of(performer)) == 2, "from now on a key vouches"


def test_the_recovery_sheet_is_shown_once_and_names_nobody(site: "Site") -> None:
    import re

    from consent.registry.operations.recovery import use_recovery_code
    from tests.web.newcomers import ABOUT, invited, join, whose

    browser = join(site, invited(site))
    browser.post({"do": "sheet"})
    found = re.search(r'<code class="key">([0-9A-Z-]{29})</code>', browser.text)
    assert browser.status == 200 and found is not None
    for name, value in ABOUT.items():
        assert value not in browser.text, name
    browser.get("/join/safe")
    assert found[1] not in browser.text
    assert use_recovery_code(site.world.ports, code=found[1]).performer == whose(browser)


def test_the_page_of_joining_says_who_sees_what_and_leads_on_at_another_device(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import at_join, invited

    code = invited(site)
    browser = at_join(site, code)
    assert f'href="{MAIN}/i/{code}"' in browser.text and "<svg" in browser.text, "this page opens here only"
    assert browser.text.count('class="help"') == 5
    assert 'data-passkey-name="stage_name"' in browser.text


def test_names_with_markup_are_only_names(site: "Site") -> None:
    from tests.web.newcomers import invited, join

    nasty = '"><script>alert(1)</script>'
    browser = join(site, invited(site, name="<b>Northlight</b> & Sons"), stage_name=nasty, label=nasty)
    assert "<script>alert" not in browser.text and "&lt;script&gt;alert" in browser.text
