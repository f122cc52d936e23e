"""Erasing oneself: told beforehand, confirmed by the passkey on the signing origin, and told when it is complete."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_a_performer_erases_themselves_with_their_passkey(site: "Site") -> None:
    from consent.log.models import Outbox
    from consent.registry.models import Erasure, Grant, StageName
    from consent.web.models import Ceremony, HandOff, Session
    from consent.web.who import performer_subject
    from tests.web.browserless import MAIN
    from tests.web.performing import actor, enter, words

    ada = actor(site)
    grant = ada.consent()
    enter(ada)
    browser = ada.browser
    told = words(browser.get(f"{MAIN}/me/erase").content.decode())
    assert "You have 1 consent" in told and "This stays, and why" in told and "7 days later" in told
    browser.post({})
    assert browser.path == "/erase/sign" and "Nobody can undo this" in words(browser.text)
    assert Grant.objects.get(id=grant).state == "active"
    browser.use_passkey()
    assert browser.path.startswith("/erased/era_")
    erasure = Erasure.objects.get(id=browser.path.removeprefix("/erased/"))
    assert (erasure.performer, erasure.decided_by) == (ada.id, "performer") and erasure.erased_at
    told = words(browser.text)
    assert "You are erased" in told and "It is complete on" in told
    assert not StageName.objects.filter(performer_id=ada.id).exists()
    assert not Session.objects.filter(subject=performer_subject(ada.id)).exists()
    assert not Ceremony.objects.filter(content__credential=ada.thumbprint).exists()
    assert not HandOff.objects.filter(content__who__performer=str(ada.id)).exists()
    [last] = Outbox.objects.filter(kind="erased", performer_id=None, sent_at=None).order_by("-created_at")[:1]
    assert last.sealed is not None
    browser.get(f"{MAIN}/home")
    assert browser.path.startswith("/sign-in")
    site.world.clock.forward(days=7, minutes=1)
    from consent.registry.operations.complete_erasure import complete_due

    complete_due(site.ports.registry)
    assert "This erasure is complete" in words(browser.get(f"{MAIN}/erased/{erasure.id}").content.decode())
    assert browser.get(f"{MAIN}/erased/era_nobody").status_code == 404


def test_nothing_is_done_without_the_right_passkey(site: "Site") -> None:
    from consent.registry.models import Erasure
    from tests.registry.newcomer import Device
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    ada = actor(site)
    browser = ada.browser
    browser.get(f"{MAIN}/me/erase")
    browser.post({})
    browser.passkey = Device().passkey
    browser.use_passkey()
    assert browser.status == 409 and not Erasure.objects.filter(performer=ada.id).exists()
    browser.passkey = ada.device.passkey
    browser.post({"passkey": "{}"})
    assert browser.status == 409 and not Erasure.objects.filter(performer=ada.id).exists()


def test_a_legal_hold_is_told_in_its_own_words_and_no_button_is_there(site: "Site") -> None:
    from consent.registry.operations.legal_holds import place_legal_hold
    from tests.web.browserless import MAIN
    from tests.web.performing import actor, words

    ada = actor(site)
    place_legal_hold(
        site.ports.registry,
        livemode=True,
        performer=ada.id,
        ground="Somebody went to court about the recordings of March.",
        until=site.world.clock() + timedelta(days=30),
        placed_by="operator-1",
    )
    told = words(ada.browser.get(f"{MAIN}/me/erase").content.decode())
    assert "the recordings of March" in told and "Go on to the last step" not in told
    assert "You can end every consent today all the same." in told
