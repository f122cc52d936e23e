"""What a performer does about a consent: pause, go on, say yes again, take it back, end it."""

from typing import TYPE_CHECKING

import pytest

from tests.registry.terms import ADULT, TRAIN, terms

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_pausing_is_one_click_and_going_on_takes_the_passkey(site: "Site") -> None:
    from consent.registry.models import Grant, GrantHold
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent()
    page = ada.browser
    page.get(f"/consents/{grant}")
    page.post(to=f"/consents/{grant}/pause")
    assert "paused by you" in words(page.text)
    assert GrantHold.objects.get(grant=grant).authority == "session"
    page.post(to=f"/consents/{grant}/pause")
    assert page.status == 200 and GrantHold.objects.filter(grant=grant).count() == 1

    ada.go_and_sign(grant, "resume")
    assert page.path == f"/consents/{grant}", words(page.text)
    assert Grant.objects.get(id=grant).state == "active"
    assert "Goes on" in words(page.text)


def test_an_adult_consent_waits_for_a_second_yes_after_twelve_hours(site: "Site") -> None:
    from consent.registry.models import Grant
    from tests.web.performing import actor, enter, words

    ada = actor(site)
    offer = ada.request(ada.organization(), terms(ADULT))
    ada.browser.get(f"/requests/{offer}")
    assert "Adult content. Read this part twice." in words(ada.browser.text)
    site.world.clock.forward(hours=73)
    enter(ada)
    grant = ada.sign(offer, "a1")
    page = ada.browser
    assert "waiting for your second yes" in words(page.text)
    assert "Nothing is allowed yet." in words(page.text)
    assert "Say yes again" not in words(page.text)
    page.post(to=f"/consents/{grant}/sign/confirm")
    assert page.path == f"/consents/{grant}"  # too early: back to the consent, which says from when

    site.world.clock.forward(hours=12)
    enter(ada)
    page.get(f"/consents/{grant}")
    assert "Say yes again" in words(page.text)
    page.post(to=f"/consents/{grant}/sign/confirm")
    assert "I, Ada Quill, say my second yes to Northlight Audio GmbH." in words(page.text)
    assert "Only for adults: they must check the age" in words(page.text)
    page.use_passkey()
    assert Grant.objects.get(id=grant).state == "active"


def test_a_consent_that_waits_can_be_taken_back_as_if_it_had_never_been(site: "Site") -> None:
    from consent.registry.models import Grant
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent(terms(ADULT))
    ada.go_and_sign(grant, "rescind")
    assert ada.browser.path == f"/consents/{grant}/end"
    assert "Ended." in words(ada.browser.text)
    assert Grant.objects.get(id=grant).state == "rescinded"


def test_an_ending_that_a_link_began_is_shown_and_stopped_by_the_passkey(site: "Site") -> None:
    from consent.registry.models import PendingRevocation
    from consent.registry.operations.cancel_revocation import begin_revocation
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent()
    begin_revocation(site.ports.registry, livemode=True, performer=ada.id, grant=grant, authority="link")
    page = ada.browser
    page.get("/home")
    assert "ending on 2 December 2026, 09:00 UTC unless you cancel" in words(page.text)
    ada.go_and_sign(grant, "cancel")
    assert PendingRevocation.objects.get(grant=grant).outcome == "cancelled"
    assert "paused by you" in words(page.text)
    ada.go_and_sign(grant, "resume")
    assert "active" in words(page.text)


@pytest.mark.parametrize("task", ["confirm", "rescind", "cancel", "resume"])
def test_a_step_that_does_not_fit_asks_nothing_and_goes_back(site: "Site", task: str) -> None:
    from tests.web.performing import actor

    ada = actor(site)
    grant = ada.consent(terms(TRAIN))
    ada.browser.post(to=f"/consents/{grant}/sign/{task}")
    assert ada.browser.path == f"/consents/{grant}"
    assert "passkey-options" not in ada.browser.text


def test_ending_with_ones_own_signature(site: "Site") -> None:
    from consent.registry.models import Grant, GrantEnding
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent()
    page = ada.browser
    page.get(f"/consents/{grant}/end")
    page.post({"do": "sign"})
    assert page.path == f"/end/{grant}"
    page.use_passkey()
    assert page.path == f"/consents/{grant}/end"
    assert "by you, with your passkey" in words(page.text)
    assert Grant.objects.get(id=grant).state == "revoked"
    assert GrantEnding.objects.get(grant=grant).authority == "passkey"
