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


def test_a_pause_that_comes_too_late_or_too_early_shows_how_it_stands(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    ended, waiting = ada.consent(), ada.consent(terms(ADULT))
    page = ada.browser
    page.get(f"/consents/{ended}/end")
    page.post({"do": "now"})
    for grant, said in ((ended, "It has ended"), (waiting, "It waits for your second yes")):
        page.get("/limits")
        page.post(to=f"/consents/{grant}/pause")
        assert page.status == 200 and said in words(page.text)


def test_an_adult_consent_says_from_when_it_starts_at_the_earliest(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    ada.consent(terms(ADULT))  # read and signed at once: no 72 hours between
    said = words(ada.browser.text)
    assert "You can say it from 1 December 2026, 21:00 UTC on." in said
    assert "It starts on 8 December 2026, 09:00 UTC at the earliest." in said


def test_counted_limits_are_drawn(site: "Site") -> None:
    from datetime import date

    from consent.registry.models import Counter
    from tests.registry.terms import COUNTED
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent(terms(TRAIN, COUNTED))
    ada.browser.get(f"/consents/{grant}")
    assert "0 results so far of 10" in words(ada.browser.text)
    Counter.objects.create(grant_id=grant, livemode=True, line="l3", kind="max_outputs", used=4)
    ada.browser.get(f"/consents/{grant}")
    assert "4 results so far of 10" in words(ada.browser.text)
    assert '<progress max="10" value="4"' in ada.browser.text
    adult = ada.consent(terms(ADULT))
    for day, used in ((date(2026, 11, 30), 90), (date(2026, 12, 1), 7)):
        Counter.objects.create(grant_id=adult, livemode=True, line="a1", kind="rate", day=day, used=used)
    ada.browser.get(f"/consents/{adult}")
    assert "7 results today of 100" in words(ada.browser.text)


def test_the_proof_that_nothing_is_sent_twice(site: "Site") -> None:
    """Going back to a step that was done leads to its result."""
    from consent.registry.models import GrantEnding
    from tests.web.performing import actor

    ada = actor(site)
    grant = ada.consent()
    ada.go_and_sign(grant, "end")
    for _again in range(2):
        ada.browser.get(f"https://sign.registry.example/end/{grant}")
        assert ada.browser.path == f"/consents/{grant}/end"
    assert GrantEnding.objects.filter(grant=grant).count() == 1


def test_a_consent_that_ended_in_another_tab_answers_that_ending(site: "Site") -> None:
    from consent.registry.operations.end_on_session import revoke_on_session
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent()
    ada.browser.get(f"/consents/{grant}/end")
    ada.browser.post({"do": "sign"})
    revoke_on_session(site.ports.registry, livemode=True, performer=ada.id, grant=grant)
    ada.browser.use_passkey()
    assert ada.browser.path == f"/consents/{grant}/end"
    assert "by you, on this website" in words(ada.browser.text)
