"""The request: off until switched on, kept from page to page, the exact text beside it, and nobody's markup."""

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import ADULT, DESCRIPTION, INFER, TRAIN, line, terms

if TYPE_CHECKING:
    from tests.web.browserless import Site

MAIN = "https://registry.example"
NASTY = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 }}{% now %}", "</textarea><b>")


def _checked(html: str) -> set[str]:
    return set(re.findall(r'name="lines" value="([^"]+)" checked', html))


def test_everything_starts_off_and_what_is_switched_on_stays(site: "Site") -> None:
    from consent.registry.operations.choices import read_choice
    from tests.web.performing import actor, words

    ada = actor(site)
    offer = ada.request(ada.organization())
    page = ada.browser
    page.get(f"/requests/{offer}")
    assert _checked(page.text) == set()
    assert "anything at all: everything is off" in words(page.text)
    assert "The whole text, with all that is asked" in words(page.text)
    page.post({"lines": ["l2"], "do": "look"})
    assert _checked(page.text) == {"l2"}
    assert "The exact words you sign" in words(page.text)
    assert "Make a computer copy of your voice" not in words(page.text[page.text.index('class="text"') :])
    another_device = read_choice(offer)
    assert another_device is not None and another_device.lines == {"l2"}
    page.post({"lines": [], "do": "look"})
    assert _checked(page.text) == set()


def test_signing_with_nothing_on_says_so_and_leaves_the_page(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    offer = ada.request(ada.organization())
    ada.choose(offer)
    assert ada.browser.status == 422 and ada.browser.path == f"/requests/{offer}"
    assert "Nothing is switched on yet." in words(ada.browser.text)
    assert 'role="alert"' in ada.browser.text


def test_the_dry_run_says_what_they_could_and_could_not(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    offer = ada.request(ada.organization(), terms({**TRAIN, "purposes": ["audiobook"]}, INFER))
    ada.choose(offer, "l1", do="look")
    could = words(ada.browser.text.partition('id="could"')[2].partition("</section>")[0])
    assert "make a computer copy of your voice, for example for audiobooks" in could
    assert "Not: let your copied voice speak" in could
    assert "Not: show you without clothes, though you wore some" in could


def test_the_performers_own_limits_count_in_the_dry_run(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    never = [{"uses": ["train"]}]
    site.world.submit(ada.key.sign(site.world.limits(ada.key, version=1, previous=None, never=never)))
    offer = ada.request(ada.organization())
    ada.choose(offer, "l1", do="look")
    could = words(ada.browser.text.partition('id="could"')[2].partition("</section>")[0])
    assert "Not: make a computer copy of your voice" in could


@pytest.mark.parametrize("chosen", [("l1",), ("l1", "l2", "a1")])
def test_the_text_on_the_request_is_the_text_that_is_signed(site: "Site", chosen: tuple[str, ...]) -> None:
    from consent.registry.models import Grant
    from consent.registry.queries.performer import text_shown
    from tests.web.performing import actor

    ada = actor(site)
    offered = terms(TRAIN, INFER, ADULT, compensation={"kind": "revshare"}, obligations=["mark.c2pa"])
    offer = ada.request(ada.organization(), offered)
    ada.choose(offer, *chosen)
    at_the_request = ada.browser.get(f"{MAIN}/requests/{offer}/text").content
    ada.choose(offer, *chosen)
    address = re.search(r'href="(/sign/[^"]+/text/[^"]+)"', ada.browser.text)
    assert address is not None
    form = ada.browser.text
    prepared = ada.browser.get(address[1]).content
    ada.browser.last.content = form.encode()  # type: ignore[union-attr]  # back to the page that asks
    ada.browser.path = f"/sign/{offer}"
    ada.browser.use_passkey()
    grant = Grant.objects.get(offer=offer)
    kept = text_shown(site.ports.registry, performer=ada.id, grant=grant.id)
    assert at_the_request == prepared == kept


def test_the_page_shows_every_character_of_the_text(site: "Site") -> None:
    from consent.core.consent_text import parse_markdown
    from tests.web.performing import actor, words

    ada = actor(site)
    offer = ada.request(ada.organization())
    ada.choose(offer, "l1")
    text = words(ada.browser.text)
    address = re.search(r'href="(/sign/[^"]+/text/[^"]+)"', ada.browser.text)
    assert address is not None
    for block in parse_markdown(ada.browser.get(address[1]).content):
        assert words("".join(span.text for span in block.spans)) in text


def test_adult_content_is_a_section_of_its_own(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    offer = ada.request(ada.organization(), terms(TRAIN, ADULT))
    ada.browser.get(f"/requests/{offer}")
    plain, _mark, adult = ada.browser.text.partition("Adult content. Read this part twice.")
    assert 'value="l1"' in plain and 'value="a1"' in adult and 'value="a1"' not in plain
    assert "you say yes again, 12 hours later or more" in words(adult)


def test_the_stage_name_is_chosen_where_there_are_several(site: "Site") -> None:
    from consent.registry.models import Grant, Statement
    from consent.registry.operations.read_package import opened_statement
    from tests.web.performing import actor, words

    ada = actor(site, stage_names=["Ada Quill", "Quillfire"])
    offer = ada.request(ada.organization())
    ada.browser.get(f"/requests/{offer}")
    assert "Sign as" in words(ada.browser.text)
    ada.browser.post({"lines": ["l1"], "do": "sign", "performer_name": "Somebody Else"})
    assert "You sign as Ada Quill." in words(ada.browser.text)
    ada.choose(offer, "l1", performer_name="Quillfire")
    assert "You sign as Quillfire." in words(ada.browser.text)
    ada.browser.use_passkey()
    statement = Statement.objects.get(id=Grant.objects.get(offer=offer).id)
    body = opened_statement(statement, site.ports.registry)["envelope"]["body"]
    assert body["performer_name"] == "Quillfire"


def test_declining_and_asking_for_changes(site: "Site") -> None:
    from consent.registry.models import Offer
    from tests.web.performing import actor, words

    ada = actor(site)
    page = ada.browser
    first, second = ada.request(ada.organization()), ada.request(ada.organization())
    page.get(f"/requests/{first}")
    page.get(f"/requests/{first}/decline")
    page.post()
    assert page.path == f"/requests/{first}" and "You said no." in words(page.text)
    assert Offer.objects.get(id=first).state == "declined"

    page.get(f"/requests/{second}")
    page.get(f"/requests/{second}/changes")
    page.post({"note": "   "})
    assert page.status == 422 and "Write what should be different." in words(page.text)
    page.post({"note": "x" * 4001})
    assert page.status == 422 and "too long" in words(page.text)
    page.post({"note": "Only two years, please.\r\nAnd no <b>dubbing</b>."})
    row = Offer.objects.get(id=second)
    assert (row.state, row.requested_changes) == (
        "changes_requested",
        "Only two years, please.\nAnd no <b>dubbing</b>.",
    )
    assert "<b>dubbing" not in page.text and "And no <b>dubbing</b>." in words(page.text)
    page.get(f"/requests/{second}/decline")
    assert page.path == f"/requests/{second}"


def test_a_request_that_became_a_consent_leads_to_it(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    offer = ada.request(ada.organization())
    grant = ada.sign(offer)
    ada.browser.get(f"/requests/{offer}")
    assert "You signed this." in words(ada.browser.text)
    assert f'href="/consents/{grant}"' in ada.browser.text


def test_lines_that_the_request_does_not_have_are_refused(site: "Site") -> None:
    from tests.web.performing import actor

    ada = actor(site)
    offer = ada.request(ada.organization())
    ada.choose(offer, "l1", "l99", do="look")
    assert ada.browser.status == 422


@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_that_a_company_or_performer_wrote_is_markup(site: "Site", nasty: str) -> None:
    from tests.web.performing import actor, words

    ada = actor(site, stage_names=[nasty, "Ada"], label=nasty)
    described = line(
        "l1", "train.voice", *TRAIN["constraints"], description={"en": nasty + " " + DESCRIPTION}
    )
    offered = terms(
        described, project={"ref": "R<1>", "title": nasty}, prohibitions=[{"territories": ["RU"]}]
    )
    organization = site.world.organization(f"Studio {nasty}")
    offer = ada.request(organization, offered)
    pages: list[str] = []

    def look(address: str = "", **form: Any) -> None:
        if address:
            ada.browser.get(address)
        else:
            ada.browser.post(form)
        assert ada.browser.status == 200, words(ada.browser.text)
        pages.append(ada.browser.text)

    for address in (
        "/home",
        f"/requests/{offer}",
        f"/requests/{offer}/decline",
        f"/requests/{offer}/changes",
    ):
        look(MAIN + address)
    look(f"{MAIN}/requests/{offer}")
    look(lines=["l1"], do="sign", performer_name=nasty)
    ada.browser.use_passkey()
    grant = ada.browser.path.split("/")[2].partition("?")[0]
    for address in (
        "/home",
        "/consents",
        f"/consents/{grant}",
        f"/consents/{grant}/end",
        f"/requests/{offer}",
    ):
        look(MAIN + address)
    look(f"{MAIN}/consents/{grant}/end")
    look(do="sign")
    look(f"{MAIN}/consents/{grant}/end")
    look(do="now")
    for page in pages:
        assert "<" not in nasty or nasty not in page
        assert "<img src=x" not in page and "<script>alert" not in page and "</textarea><b>" not in page
    assert all(nasty in unescape(page) for page in pages)  # it is shown, letter for letter


def test_what_a_browser_fetches_ahead_is_not_read(site: "Site") -> None:
    from consent.registry.models import Offer
    from tests.web.performing import actor

    ada = actor(site)
    offer = ada.request(ada.organization())
    ada.browser.get(f"/requests/{offer}", **{"sec-purpose": "prefetch;prerender"})
    assert ada.browser.status == 200 and Offer.objects.get(id=offer).viewed_at is None
    ada.browser.post({"lines": ["l1"], "do": "sign"})  # now somebody has read it
    assert Offer.objects.get(id=offer).viewed_at is not None
    assert ada.browser.path == f"/sign/{offer}"


def test_an_identity_check_that_is_too_old_is_told_before_the_passkey_is_asked(site: "Site") -> None:
    from tests.web.performing import actor, enter, words

    ada = actor(site)
    offer = ada.request(ada.organization(), terms(TRAIN, ADULT))
    ada.choose(offer, "a1", do="look")
    site.world.clock.forward(days=90)
    enter(ada)
    ada.choose(offer, "a1")
    assert ada.browser.status == 409 and ada.browser.path == f"/requests/{offer}"
    assert "Your identity check is too old for this" in words(ada.browser.text)
    ada.choose(offer, "l1")  # twelve months for what is not adult
    assert ada.browser.path == f"/sign/{offer}"
    site.world.clock.forward(days=300)
    enter(ada)
    ada.browser.get(f"{MAIN}/requests/{offer}")
    assert "Your identity check is too old for this" in words(ada.browser.text)
    site.world.verify(ada.id)
    ada.browser.get(f"{MAIN}/requests/{offer}")
    assert "too old" not in words(ada.browser.text)


def test_a_request_whose_time_has_run_out_cannot_be_signed(site: "Site") -> None:
    from tests.web.performing import actor, enter, words

    ada = actor(site)
    offer = ada.request(ada.organization())
    ada.choose(offer, "l1", do="look")
    site.world.clock.forward(days=366 * 2)
    enter(ada)
    ada.choose(offer, "l1")
    assert ada.browser.path == f"/requests/{offer}"
    assert "The time that this request is about is over" in words(ada.browser.text)
