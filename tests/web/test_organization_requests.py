"""Requests: written in a form or as JSON, sent once, taken back; and what anybody may write into them."""

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site
    from tests.web.organization_world import Company

TEXT = (
    "We make one copy of your voice from the recordings that you made with us this year. It reads the books of one "
    "series aloud, in German and nothing else. Nobody outside our company gets it, and we delete it when you end this."
)
NASTY = '"><script>alert(1)</script>'


@pytest.fixture
def company(site: "Site") -> "Company":
    """A company of this test's own."""
    from tests.web.organization_world import Company

    return Company.of(site)


def filled(**changes: Any) -> dict[str, Any]:
    """A form that makes an offer."""
    return {
        "cards": ["train", "speak"],
        "text_train": TEXT,
        "text_speak": TEXT.replace(". ", ".\r\n"),
        "limit_speak": "1000",
        "purposes": ["audiobook"],
        "never": ["political"],
        "territory": "de, at CH",
        "languages": "de",
        "base_models": "*",
        "end_users": "public",
        "commercial": "yes",
        "starts": "2026-12-02",
        "ends": "2028-12-01",
        "pay": "paid",
        "published": "keep",
        "model": "delete",
        "model_days": "30",
        "title": "The lighthouse series",
        "ref": "NL-1",
        **changes,
    }


def draft_of(browser: "Browser") -> str:
    """The request that the browser stands on."""
    found = re.search(r"off_[a-z2-7]{26}", browser.path)
    assert found is not None, (browser.path, browser.text)
    return found[0]


def test_a_form_becomes_terms_that_a_performer_can_read(company: "Company") -> None:
    from consent.registry.models import Offer
    from consent.registry.stored_json import from_bytes

    browser = company.enter("producer")
    browser.get("/org/live/offers/new/voice-clone")
    browser.post(filled())
    offer = draft_of(browser)
    terms = from_bytes(Offer.objects.get(id=offer).terms)
    assert [line["id"] for line in terms["lines"]] == ["train", "speak"]
    assert terms["lines"][0]["constraints"][0] == {
        "kind": "territory",
        "v": 1,
        "allow": ["AT", "CH", "DE"],
    } or (sorted(terms["lines"][0]["constraints"][0]["allow"]) == ["AT", "CH", "DE"])
    assert {"kind": "max_outputs", "v": 1, "limit": 1000} in terms["lines"][1]["constraints"]
    assert "\r" not in terms["lines"][1]["description"]
    assert terms["prohibitions"] == [{"purposes": ["political"]}]
    for words in (
        "Make a computer copy of your voice",
        "At most 1,000 results in all.",
        "The lighthouse series",
        "draft",
    ):
        assert words in browser.text, words


@pytest.mark.parametrize("template", ["voice-clone", "likeness", "persona", "dubbing"])
def test_every_card_of_every_form_can_be_offered(company: "Company", template: str) -> None:
    from consent.web.organization.recipes import RECIPES

    cards = [card.id for card in RECIPES[template].cards]
    browser = company.enter("producer")
    browser.get(f"/org/test/offers/new/{template}")
    texts = {f"text_{card}": TEXT for card in cards}
    browser.post({**filled(cards=cards, limit_publish="50", age_assured="yes"), **texts, "limit_speak": ""})
    offer = draft_of(browser)
    assert "Test side" in browser.text
    browser.post({"language": "en"}, to=f"/org/test/offers/{offer}/send")
    assert browser.status == 200 and "The request is out" in browser.text


def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(company: "Company") -> None:
    from consent.registry.models import Offer

    browser = company.enter("producer")
    browser.get("/org/live/offers/new/voice-clone")
    browser.post(
        filled(
            cards=["train", "publish"],
            text_train="too short",
            territory="Germany",
            languages="german",
            model_days="many",
            ends="2026-12-01",
            performer="somebody",
            title=NASTY,
        )
    )
    assert browser.status == 422
    for field in (
        "text_train",
        "text_publish",
        "territory",
        "languages",
        "model_days",
        "ends",
        "limit_publish",
    ):
        assert f'id="f-{field}-error"' in browser.text, field
        assert f'href="#f-{field}"' in browser.text, field
    assert (
        "too short" in browser.text
        and 'value="GERMANY"' not in browser.text
        and 'value="Germany"' in browser.text
    )
    assert NASTY not in browser.text and "&lt;script&gt;" in browser.text
    assert not Offer.objects.filter(organization_id=company.id).exists()


def test_nothing_chosen_and_things_that_contradict_are_told(company: "Company") -> None:
    browser = company.enter("producer")
    browser.get("/org/live/offers/new/voice-clone")
    browser.post(filled(cards=[]))
    assert browser.status == 422 and "What you ask for: Choose one at least." in browser.text
    browser.post(filled(never=["audiobook"]))
    assert browser.status == 422 and "You ask for this above, and rule it out here." in browser.text
    browser.post(filled(purposes=[]))
    assert browser.status == 422 and "For: This is needed." in browser.text


def test_somebody_unknown_and_somebody_of_another_company_read_alike(
    site: "Site", company: "Company"
) -> None:
    from tests.web.organization_world import Company

    other = Company.of(site, "Kestrel Chat Ltd")
    person, _grant = other.consent()
    theirs = other.world.reference(other.id, person)
    browser = company.enter("producer")
    pages = []
    for name in (theirs, "prf_" + "a" * 26, "no-such-name", "\x00"):
        browser.get("/org/live/offers/new/voice-clone")
        browser.post(filled(performer=name))
        pages.append(browser.status)
        assert "You know nobody by this name or reference." in browser.text
    assert pages == [422] * 4


def test_a_form_sent_twice_makes_one_draft(company: "Company") -> None:
    from consent.registry.models import Offer

    browser = company.enter("producer")
    browser.get("/org/live/offers/new/voice-clone")
    ceremony = browser.hidden()
    browser.post(filled())
    browser.post({**filled(), **ceremony}, to="/org/live/offers/new/voice-clone")
    assert browser.status == 422 and "was sent before" in browser.text
    assert Offer.objects.filter(organization_id=company.id).count() == 1


def test_pasted_terms_are_kept_or_told_where_they_are_wrong(company: "Company") -> None:
    from tests.registry.terms import terms

    browser = company.enter("producer")
    address = "/org/live/offers/new/json"
    browser.get(address)
    for pasted, place in (
        ("{", ""),
        ('{"lines": 1}', "lines"),
        (json.dumps(terms(surprise=1)), "surprise"),
        (
            json.dumps(terms()).replace("WORLD", "UK", 1),
            "lines, number 1 (l1), constraints, number 1 (territory)",
        ),
        ('{"' + NASTY.replace('"', "'") + '": 1}', "&lt;script&gt;"),
        ("[" * 5000, ""),
    ):
        browser.post({"terms": pasted}, to=address)
        assert browser.status == 422, pasted[:80]
        assert place in browser.text, place
        assert "<script>alert" not in browser.text
    browser.post({"terms": json.dumps(terms())}, to=address)
    offer = draft_of(browser)
    browser.get(f"/org/live/offers/{offer}/edit")
    assert "The lighthouse series" in browser.text
    browser.post({"terms": json.dumps(terms(project={"ref": "1", "title": "Another title"}))})
    assert browser.path == f"/org/live/offers/{offer}" and "Another title" in browser.text


def test_an_invitations_link_is_shown_once(company: "Company", caplog: pytest.LogCaptureFixture) -> None:
    offer = company.draft()
    browser = company.enter("producer")
    address = f"/org/live/offers/{offer}/send"
    browser.get(f"/org/live/offers/{offer}")
    browser.post({"language": "en", "email": "no address"}, to=address)
    assert browser.status == 422 and "This is no e-mail address." in browser.text
    browser.post({"language": "fr"}, to=address)
    assert browser.status == 422 and "cannot be sent in this language" in browser.text
    browser.post({"language": "en", "email": "ada@mail.example"}, to=address)
    code = re.search(r"https://registry\.example/i/([0-9A-Z-]+)", browser.text)
    assert code is not None and "<svg" in browser.text and "on its way by mail" in browser.text
    browser.get(f"/org/live/offers/{offer}")
    assert code[1] not in browser.text and "ada@mail.example" not in browser.text
    assert "Nobody has taken it up." in browser.text
    browser.post({"language": "en"}, to=address)  # the answer is reloaded
    assert browser.status == 409 and "/i/" not in browser.text
    assert code[1] not in caplog.text and "ada@mail.example" not in caplog.text
    assert browser.get(f"/org/live/offers/{offer}/edit").status_code == 409


def test_a_request_to_somebody_known_goes_to_them(company: "Company") -> None:
    world = company.world
    person = world.person()
    reference = world.reference(company.id, person)
    browser = company.enter("producer")
    browser.get("/org/live/offers/new/voice-clone")
    browser.post(filled(performer=reference))
    offer = draft_of(browser)
    browser.post(to=f"/org/live/offers/{offer}/send")
    assert browser.path == f"/org/live/offers/{offer}" and "sent, not read yet" in browser.text
    grant = _signed(world, person, offer)
    assert f"/org/live/consents/{grant}" in browser.get(f"/org/live/offers/{offer}").content.decode()


def _signed(world: Any, person: Any, offer: str) -> str:
    from consent.registry.operations.view_offer import view_offer

    view_offer(world.ports, livemode=world.livemode, performer=person.id, offer=offer)
    return str(world.sign(person, offer).grant)


def test_an_invitation_can_be_made_useless_and_a_request_taken_back(company: "Company") -> None:
    from consent.registry.models import Invitation

    offer, _code = company.world.invite(company.id)
    invitation = Invitation.objects.get(offer_id=offer).id
    browser = company.enter("producer")
    browser.get(f"/org/live/offers/{offer}")
    browser.post(to=f"/org/live/offers/{offer}/invitations/{invitation}/revoke")
    assert "Its link works no longer." in browser.text
    assert browser.get(f"/org/live/offers/{offer}/withdraw").status_code == 200
    browser.post()
    assert browser.path == f"/org/live/offers/{offer}" and "taken back" in browser.text
    browser.post(to=f"/org/live/offers/{offer}/withdraw")
    assert browser.status == 409


def test_a_wish_for_changes_is_answered_by_a_new_request(company: "Company") -> None:
    from consent.registry.models import Offer
    from consent.registry.operations.close_offer import request_changes

    world = company.world
    person = world.person()
    former = world.offer(company.id, person)
    request_changes(
        world.ports, livemode=True, performer=person.id, offer=former, note=f"Only German.\n{NASTY}"
    )
    browser = company.enter("producer")
    browser.get(f"/org/live/offers/{former}")
    assert "Only German.<br>" in browser.text and NASTY not in browser.text
    browser.get(f"/org/live/offers/new/voice-clone?replaces={former}")
    browser.post(filled(performer=world.reference(company.id, person)))
    assert Offer.objects.get(id=draft_of(browser)).replaces_id == former
    assert browser.get("/org/live/offers/new/json?replaces=off_" + "a" * 26).status_code == 404


def test_lists_are_filtered_and_turned_page_by_page(company: "Company") -> None:
    offers = [company.draft() for _ in range(30)]
    company.world.invite(company.id)
    browser = company.enter("producer")
    browser.get("/org/live/offers?state=draft")
    first = re.findall(r'href="/org/live/offers/(off_[a-z2-7]{26})"', browser.text)
    older = re.search(r'href="(/org/live/offers\?state=draft&amp;older=[^"]+)"', browser.text)
    assert len(first) == 25 and older is not None
    browser.get(older[1].replace("&amp;", "&"))
    second = re.findall(r'href="/org/live/offers/(off_[a-z2-7]{26})"', browser.text)
    assert sorted(first + second) == sorted(offers)
    newer = re.search(r'href="(/org/live/offers\?state=draft&amp;newer=[^"]+)"', browser.text)
    assert newer is not None
    browser.get(newer[1].replace("&amp;", "&"))
    assert re.findall(r'href="/org/live/offers/(off_[a-z2-7]{26})"', browser.text) == first
    assert "No request fits." in browser.get("/org/live/offers?q=nothing+like+it").content.decode()
    assert "No request fits." not in browser.get("/org/live/offers?q=lighthouse").content.decode()
    assert browser.get("/org/live/offers?q=%00%27%22%3Cscript%3E").status_code == 200
    assert browser.get("/org/live/offers?older=off_" + "a" * 26).status_code == 404
    assert browser.get("/org/live/offers?older=%00").status_code in (200, 404)


def test_a_request_is_found_by_any_part_of_its_project(company: "Company") -> None:
    from tests.registry.terms import terms

    title = 'Die "große" Reise \\ 50% _ und {mehr}'
    wanted = company.draft(terms=terms(project={"ref": "NL-7", "title": title}))
    company.draft(terms=terms())
    browser = company.enter("producer")
    for text in ('"große"', "GROßE", "\\ 50%", "% _", "{mehr}", "nl-7", "Die"):
        browser.get(f"/org/live/offers?{urlencode({'q': text})}")
        assert re.findall(r'href="/org/live/offers/(off_[a-z2-7]{26})"', browser.text) == [wanted], text
    for text in ("train.voice", "title", "Your recordings"):  # what stands elsewhere in the terms
        assert (
            "No request fits." in browser.get(f"/org/live/offers?{urlencode({'q': text})}").content.decode()
        )


def test_a_consent_is_found_by_its_use(company: "Company") -> None:
    from tests.registry.terms import TRAIN, terms

    _person, both = company.consent()
    _other, trains = company.consent(terms=terms(TRAIN))
    browser = company.enter("producer")
    for use, expected in (("train.voice", {both, trains}), ("infer.voice", {both}), ("infer.image", set())):
        browser.get(f"/org/live/consents?use={use}")
        assert set(re.findall(r'href="/org/live/consents/(grt_[a-z2-7]{26})"', browser.text)) == expected
