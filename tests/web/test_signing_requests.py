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
    assert "Northlight Audio GmbH asks you" in words(page.text)
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
