"""Signing in: any passkey of ours opens its own account, and nothing else about it can be bent."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_a_performers_passkey_leads_home(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/sign-in")
    browser.use_passkey()
    assert browser.path == "/home" and browser.status == 200
    browser.get("/sign-in")
    assert browser.path == "/home", "whoever is in needs no door"


def test_members_and_operators_come_in_by_the_same_door(site: "Site") -> None:
    from consent.registry.operations.accounts import (
        block_account_passkey,
        create_operator,
        register_account_passkey,
        remove_operator,
    )
    from consent.registry.operations.members import add_member
    from tests.registry.newcomer import Device
    from tests.web.browserless import MAIN

    ports = site.world.ports
    organization = site.world.organization()
    member = add_member(
        ports,
        livemode=True,
        organization=organization,
        display_name="Mo",
        email="mo@northlight.example",
        role="owner",
    )
    operator = create_operator(ports, display_name="Olga")
    for account, home in (({"member": member}, "/org"), ({"operator": operator}, "/operator")):
        device = Device()
        passkey = register_account_passkey(
            ports, registration=device.registration, user_handle=device.user_handle, label="desk", **account
        )
        browser = site.browser(device.passkey)
        browser.get(f"{MAIN}/sign-in")
        browser.post({"passkey": browser.answer()}, follow=False)
        assert browser.last is not None and browser.last.headers["Location"] == home
        if home == "/org":
            block_account_passkey(ports, passkey=passkey, **account)
        else:
            remove_operator(ports, **account)
        browser = site.browser(device.passkey)
        browser.get(f"{MAIN}/sign-in")
        browser.use_passkey()
        assert browser.path == "/sign-in" and "switched off" in browser.text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/../..//evil.example",
        "/a//evil.example",
        "/home?next=//evil.example",
        "/home#x",
        "home",
        " /home",
        "/" + "a" * 300,
        "/.\\.evil.example",
        "/@evil.example",
        "/:80",
    ],
)
def test_nobody_is_led_to_another_site_by_next(site: "Site", wanted: str) -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/sign-in")
    browser.use_passkey({"next": wanted})
    assert (browser.place, browser.path) == (MAIN, "/home")


def test_next_leads_back_to_the_page_that_was_asked_for(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    offer = me.request(me.organization())
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/requests/{offer}")
    assert browser.path == f"/sign-in?next=/requests/{offer}"
    browser.use_passkey()
    assert browser.path == f"/requests/{offer}"


def test_the_cookie_changes_when_somebody_signs_in_and_the_old_one_opens_nothing(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/sign-in")
    before = browser.cookies(MAIN)
    browser.use_passkey()
    after = browser.cookies(MAIN)
    assert before and after and set(before.values()).isdisjoint(after.values())
    planted = site.browser()
    for name, value in before.items():
        planted._client(MAIN).cookies[name] = value
    planted.get(f"{MAIN}/home")
    assert planted.path == "/sign-in?next=/home"


def test_an_attackers_answer_does_not_sign_a_victim_in_as_the_attacker(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    attacker = actor(site)
    theirs, victims = site.browser(attacker.device.passkey), site.browser()
    theirs.get(f"{MAIN}/sign-in")
    victims.get(f"{MAIN}/sign-in")
    answer, question = theirs.answer(), theirs.hidden()["ceremony"]
    victims.post({"passkey": answer, "ceremony": question})  # with a token of the victim's own
    assert victims.path == "/sign-in" and "try again" in victims.text
    victims.post({"passkey": answer, "ceremony": question}, token=False, site="cross-site")
    assert victims.status == 403
    victims.get("/home")
    assert victims.path == "/sign-in?next=/home"


def test_an_answer_is_taken_once(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/sign-in")
    form = {**browser.hidden(), "passkey": browser.answer()}
    browser.post(form)
    assert browser.path == "/home"
    browser.post(to="/sign-out")
    browser.get("/sign-in")
    browser.post({**form, "csrfmiddlewaretoken": browser.hidden()["csrfmiddlewaretoken"]})
    assert browser.path == "/sign-in" and "answered before" in browser.text


@pytest.mark.parametrize(
    ("bent", "says"),
    [
        ({"origin": "https://sign.registry.example"}, "could not accept"),
        ({"origin": "https://evil.example"}, "could not accept"),
        ({"flags": 0x01}, "could not accept"),  # nobody's finger, face or PIN was checked
        ({"kind": "webauthn.create"}, "could not accept"),
    ],
)
def test_only_a_verified_answer_for_this_origin_signs_in(
    site: "Site", bent: dict[str, object], says: str
) -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/sign-in")
    browser.post({"passkey": browser.answer(**bent)})  # type: ignore[arg-type]
    assert browser.path == "/sign-in" and says in browser.text


def test_a_passkey_nobody_knows_and_an_unreadable_answer_are_refused_in_words(site: "Site") -> None:
    from tests.registry.newcomer import Device
    from tests.web.browserless import MAIN

    browser = site.browser(Device().passkey)
    browser.get(f"{MAIN}/sign-in")
    browser.use_passkey()
    assert "do not know this passkey" in browser.text
    for answer in ("", "{}", "[1]", "x" * 200_000, '{"rawId": "%%", "response": {}}'):
        browser.post({"passkey": answer})
        assert browser.path == "/sign-in" and "could not accept" in browser.text


def test_a_passkey_that_is_off_signs_nobody_in(site: "Site") -> None:
    from consent.registry.operations.add_credential import block_credential
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    block_credential(
        site.world.ports, livemode=True, performer=me.id, thumbprint=me.thumbprint, authority="session"
    )
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/sign-in")
    browser.use_passkey()
    assert browser.path == "/sign-in" and "switched off" in browser.text


def test_whoever_still_waits_for_the_check_sees_that_and_nothing_else(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import joined

    first = joined(site)
    browser = site.browser(first.passkey)
    browser.get(f"{MAIN}/sign-in")
    browser.use_passkey()
    assert browser.path == "/wait"
    for address in ("/home", "/keys", "/consents", "/keys/sheet"):
        browser.get(address)
        assert browser.path == "/wait", address


def test_waiting_looks_again_by_itself_until_it_is_told_not_to(site: "Site") -> None:
    from tests.web.newcomers import joined, whose

    browser = joined(site)
    assert browser.last is not None and browser.last.headers["Refresh"] == "3; url=/wait"
    browser.get("/wait?still")
    assert "Refresh" not in browser.last.headers and 'href="/wait"' in browser.text
    site.world.verify(whose(browser))
    browser.get("/wait")
    assert browser.path.startswith("/requests/off_")


def test_waiting_without_a_single_open_request_leads_home(site: "Site") -> None:
    from consent.registry.operations.close_offer import withdraw_offer
    from tests.web.newcomers import joined, whose

    organization = site.world.organization()
    offer, code = site.world.invite(organization)
    browser = joined(site, code)
    withdraw_offer(site.world.ports, livemode=True, organization=organization, offer=offer)
    site.world.verify(whose(browser))
    browser.get("/wait")
    assert browser.path == "/home"


def test_a_session_that_ends_while_a_page_is_made_stays_ended(
    site: "Site", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.web.models import Session
    from consent.web.sessions import end_sessions
    from consent.web.who import performer_subject
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    site.world.clock.forward(minutes=6)  # so that the page writes its session

    def ends(*_args: object) -> str:
        end_sessions(performer_subject(me.id))
        return ""

    monkeypatch.setattr("consent.web.performer.home.headline", ends)
    me.browser.get(f"{MAIN}/home")
    assert me.browser.status == 200 and not Session.objects.filter(subject=performer_subject(me.id)).exists()
    monkeypatch.undo()
    me.browser.get("/home")
    assert me.browser.path == "/sign-in?next=/home"
