"""From a request to a signature: what is switched on is what is shown, what is shown is what is signed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_a_request_is_read_switched_on_signed_and_stands(site: "Site") -> None:
    from consent.registry.models import Grant, Offer
    from tests.web.performing import actor, words

    ada = actor(site)
    offer = ada.request(ada.organization())
    page = ada.browser
    page.get(f"https://registry.example/requests/{offer}")
    assert page.status == 200, words(page.text)
    assert "Northlight Audio GmbH asks to use your voice" in words(page.text)
    assert Offer.objects.get(id=offer).state == "viewed"
    assert "checked" not in page.text and "0 of 2 allowed." in words(page.text)

    page.post({"lines": ["l1"], "do": "look"})
    assert "1 of 2 allowed." in words(page.text)
    page.post({"lines": ["l1"], "do": "sign"})
    assert page.path == f"/sign/{offer}", words(page.text)
    assert "You sign as Ada Quill." in words(page.text)
    page.use_passkey()
    assert page.status == 200, words(page.text)
    grant = Grant.objects.get(offer=offer)
    assert page.path == f"/consents/{grant.id}?signed"
    assert grant.state == "active" and "Signed." in words(page.text)


def test_after_signing_the_page_says_what_is_true(site: "Site") -> None:
    from consent.log.models import Outbox
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent()
    said = words(ada.browser.text)
    assert "may do what you switched on, since 1 December 2026, 09:00:00 UTC, and nothing else" in said
    assert "A copy of the text goes to you by mail." in said and "was mailed" not in said
    Outbox.objects.filter(kind="signed", grant=grant).update(sent_at=site.world.clock())
    ada.browser.get(f"/consents/{grant}?signed")
    assert "A copy of the text was mailed to you." in words(ada.browser.text)
    ada.browser.get(f"/consents/{grant}")
    assert "Signed." not in words(ada.browser.text)


def test_the_page_before_the_signature_says_who_and_what(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    offer = ada.request(ada.organization())
    ada.choose(offer, "l2")
    said = words(ada.browser.text)
    assert "Northlight Audio GmbH asks. You sign as Ada Quill." in said
    assert "You allow Let your copied voice speak Change something" in said
    assert "Your device asks for your passkey “my phone”" in said
    assert ada.browser.text.count("data-passkey-button") == 1
    policy = ada.browser.last.headers["Content-Security-Policy"]  # type: ignore[union-attr]
    assert "script-src 'nonce-" in policy and "form-action 'self' https://registry.example" in policy


def test_another_of_ones_own_passkeys_may_sign(site: "Site") -> None:
    from consent.registry.models import Grant
    from tests.registry.newcomer import Device, add_pending
    from tests.web.performing import actor, words

    ada = actor(site, verified=False)
    second = Device(user_handle=ada.device.user_handle)
    credential = add_pending(site.world, ada.id, second)
    site.world.verify(ada.id)
    offer = ada.request(ada.organization())
    ada.choose(offer, "l1")
    assert "Use another of your passkeys" in words(ada.browser.text)
    ada.browser.get(f"/sign/{offer}?key={credential}")
    assert "your passkey “a key”" in words(ada.browser.text)
    ada.browser.passkey = second.passkey
    ada.browser.use_passkey()
    assert Grant.objects.get(offer=offer).credential_id == credential


def test_on_the_test_side_everything_says_that_it_is_a_test(site: "Site") -> None:
    from dataclasses import replace

    from consent.registry.models import Grant
    from tests.web.performing import actor, words

    ada = actor(replace(site, world=site.world.other_side()))
    offer = ada.request(ada.organization())
    page = ada.browser
    page.get(f"/requests/{offer}")
    assert "Test side: nothing here is real" in words(page.text)
    assert "This is only a test." in words(page.text)
    ada.choose(offer, "l1")
    assert "Test side: nothing here is real" in words(page.text)
    assert "This is only a test." in words(page.text)
    page.use_passkey()
    grant = Grant.objects.get(offer=offer)
    assert (grant.livemode, grant.state) == (False, "active")
    ada.go_and_sign(grant.id, "end")
    assert "Ended." in words(page.text) and "Test side: nothing here is real" in words(page.text)


def test_no_page_shows_who_the_person_is_by_law(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site, legal_name="Zdenka Unverwechselbar", email="zdenka.unverwechselbar@mail.example")
    offer, waiting = ada.request(ada.organization()), ada.request(ada.organization())
    pages = []

    def look(path: str) -> None:
        ada.browser.get(f"https://registry.example{path}")
        assert ada.browser.status == 200
        pages.append(ada.browser.text)

    look(f"/requests/{offer}")
    ada.choose(offer, "l1")
    pages.append(ada.browser.text)
    ada.browser.use_passkey()
    grant = ada.browser.path.split("/")[2].partition("?")[0]
    for path in (
        "/home",
        "/consents",
        "/limits",
        f"/requests/{waiting}",
        f"/requests/{waiting}/text",
        f"/requests/{waiting}/decline",
        f"/requests/{waiting}/changes",
        f"/consents/{grant}",
        f"/consents/{grant}/end",
        f"/consents/{grant}/package",
        f"/consents/{grant}/text",
    ):
        look(path)
    for page in pages:
        for secret in ("Zdenka", "Unverwechselbar", "unverwechselbar", "1990", str(ada.id)):
            assert secret not in page, words(page)
