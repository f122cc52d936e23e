"""Operators come in by a link that works once; nobody else sees their pages."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.signing.software_authenticator import SoftwareAuthenticator

if TYPE_CHECKING:
    from tests.web.browserless import Site

GONE = "This link does not work, or works no longer"


def test_a_link_makes_an_operator_with_a_passkey_of_the_main_origin_and_works_once(site: "Site") -> None:
    from consent.registry.models import AccountPasskey, Operator
    from tests.web.operators import invite

    operator, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    assert browser.status == 200 and "You run this registry" in browser.text
    browser.use_passkey({"name": "Olga Okonkwo"})
    assert (browser.status, browser.path) == (200, "/operator/identity")
    assert Operator.objects.get(id=operator).display_name == "Olga Okonkwo"
    assert AccountPasskey.objects.filter(operator=operator).count() == 1

    again = site.browser(SoftwareAuthenticator())
    again.get(f"/o/{token}")
    assert again.status == 410 and GONE in again.text


def test_whoever_only_looks_at_the_link_uses_nothing_up(site: "Site") -> None:
    from tests.web.operators import invite

    _, token = invite(site)
    for _ in range(3):
        site.browser().get(f"/o/{token}", site="none")
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga"})
    assert browser.path == "/operator/identity"


def test_of_two_who_open_the_link_at_once_one_comes_in(site: "Site") -> None:
    from tests.web.operators import invite

    operator, token = invite(site)
    first, second = (site.browser(SoftwareAuthenticator()) for _ in range(2))
    first.get(f"/o/{token}")
    second.get(f"/o/{token}")
    first.use_passkey({"name": "First"})
    second.use_passkey({"name": "Second"})
    assert (first.path, second.status) == ("/operator/identity", 410)
    from consent.registry.models import AccountPasskey, Operator

    assert Operator.objects.get(id=operator).display_name == "First"
    assert AccountPasskey.objects.filter(operator=operator).count() == 1


def test_a_link_that_is_too_old_or_was_never_made_opens_nothing(site: "Site") -> None:
    from tests.web.operators import invite

    _, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    site.world.clock.forward(hours=1, seconds=1)
    browser.use_passkey({"name": "Too Late"})
    assert browser.status == 410
    for other in ("x", "A" * 43, token[:-1]):
        assert site.browser().get(f"/o/{other}").status_code == 410


def test_the_passkey_of_one_link_is_not_taken_for_another(site: "Site") -> None:
    from consent.registry.models import AccountPasskey
    from tests.web.operators import invite

    mine, my_token = invite(site, "Mine")
    theirs, their_token = invite(site, "Theirs")
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{my_token}")
    browser.post({"passkey": browser.answer(), "name": "Me"}, to=f"/o/{their_token}")
    assert browser.status == 410
    assert not AccountPasskey.objects.filter(operator__in=[mine, theirs]).exists()


@pytest.mark.parametrize(
    "bent", [{"origin": "https://sign.registry.example"}, {"flags": 0x41}, {"origin": "https://evil.example"}]
)
def test_a_passkey_of_another_origin_or_without_verification_is_refused(
    site: "Site", bent: dict[str, Any]
) -> None:
    from tests.web.operators import invite

    _, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga"}, **bent)
    assert browser.status == 422 and "could not be taken" in browser.text


def test_a_name_is_asked_for(site: "Site") -> None:
    from tests.web.operators import invite

    _, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": " "})
    assert browser.status == 422 and "Please write your name" in browser.text
    browser.use_passkey({"name": "Olga"})
    assert browser.path == "/operator/identity"


def test_an_operator_with_a_passkey_is_told_to_sign_in_and_may_add_another_device(site: "Site") -> None:
    from consent.registry.operations.links import make_link
    from tests.web.operators import invite

    operator, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga"})
    fresh = make_link(site.ports.registry, kind="operator", operator=operator)
    other = site.browser(SoftwareAuthenticator())
    other.get(f"/o/{fresh}")
    assert "You have a passkey already" in other.text
    assert len(other.options()["excludeCredentials"]) == 1
    other.use_passkey({"name": "Olga"})
    assert other.path == "/operator/identity"


@pytest.mark.parametrize(
    "path",
    [
        "/operator",
        "/operator/identity",
        "/operator/organizations",
        "/operator/health",
        "/operator/identity/{}",
    ],
)
def test_a_performer_and_a_stranger_are_sent_to_sign_in(site: "Site", path: str) -> None:
    from tests.web.operators import approval, enrol, performer_of, state_of

    _, credential = enrol(site)
    path = path.format(credential)
    stranger = site.browser()
    answer = stranger.get(path, follow=False)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
    performer = performer_of(site)
    answer = performer.get(path, follow=False)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
    performer.post(approval(credential), to=path, token=False, follow=False)
    assert performer.status == 403 and state_of(credential) == "pending"


def test_an_operators_session_opens_no_performers_page(site: "Site") -> None:
    from tests.web.operators import operator_of

    _, browser = operator_of(site)
    answer = browser.get("/home", follow=False)
    assert answer.status_code == 303


def test_a_form_without_its_token_or_from_elsewhere_does_nothing(site: "Site") -> None:
    from tests.web.operators import approval, enrol, operator_of, state_of

    _, credential = enrol(site)
    _, browser = operator_of(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post(approval(credential), token=False)
    assert browser.status == 403
    browser.get(f"/operator/identity/{credential}")
    browser.post(approval(credential), origin="https://evil.example")
    assert browser.status == 403 and state_of(credential) == "pending"


def test_a_removed_operator_is_out_at_once(site: "Site") -> None:
    from consent.registry.operations.accounts import remove_operator
    from tests.web.operators import invite

    operator, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga"})
    remove_operator(site.ports.registry, operator=operator)
    answer = browser.get("/operator/identity", follow=False)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")


def test_health_shows_figures_and_what_is_missing(site: "Site") -> None:
    from tests.web.operators import operator_of

    _, browser = operator_of(site)
    browser.get("/operator/health")
    assert (
        browser.status == 200 and "The registry can decide" in browser.text and "PostgreSQL" in browser.text
    )


def test_a_members_session_opens_no_operators_page(site: "Site") -> None:
    from consent.registry.operations.members import add_member
    from consent.web.origins import Place
    from consent.web.sessions import SessionStore
    from consent.web.who import sign_in_member

    member = add_member(
        site.ports.registry,
        livemode=True,
        organization=site.world.organization(),
        email="owner@northlight.example",
        role="owner",
        display_name="Mia",
    )
    store = SessionStore(place=Place.MAIN)
    sign_in_member(store, member=member, at=site.world.clock())
    store.save()
    browser = site.browser()
    browser._client(browser.place).cookies["__Host-consent_session"] = store.session_key
    for path in ("/operator/identity", "/operator/organizations", "/operator/health"):
        answer = browser.get(path, follow=False)
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in"), path


def test_the_pages_stand_on_the_main_origin_only(site: "Site") -> None:
    from tests.web.operators import invite

    _, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    for path in (f"/o/{token}", "/operator/identity", "/operator/health"):
        assert browser.get(f"https://sign.registry.example{path}", follow=False).status_code == 404, path


def test_a_lost_device_is_switched_off_and_everybody_signed_out_but_never_the_last_one(site: "Site") -> None:
    from consent.registry.models import AccountPasskey
    from consent.registry.operations.links import make_link
    from tests.web.operators import operator_of

    operator, browser = operator_of(site)
    only = AccountPasskey.objects.get(operator=operator)
    browser.get("/operator/me")
    assert "Made on" in browser.text
    browser.post(to=f"/operator/me/passkeys/{only.pk}/off")
    assert browser.status == 409 and "your only passkey" in browser.text

    token = make_link(site.ports.registry, kind="operator", operator=operator)
    other = site.browser(SoftwareAuthenticator())
    other.get(f"/o/{token}")
    other.use_passkey({"name": "Olga Operator"})
    other.get("/operator/me")
    foreign = AccountPasskey.objects.get(operator=operator_of(site)[0])
    for wrong in (foreign.pk, 10**18, 10**30):
        assert other.post(to=f"/operator/me/passkeys/{wrong}/off").status_code == 404
        other.get("/operator/me")
    other.post(to=f"/operator/me/passkeys/{only.pk}/off", follow=False)
    assert other.status == 303
    only.refresh_from_db()
    foreign.refresh_from_db()
    assert only.blocked_at is not None and foreign.blocked_at is None
    for each in (browser, other):
        assert each.get("/operator/identity", follow=False).status_code == 303
