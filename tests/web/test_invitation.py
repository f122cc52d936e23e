"""An invitation: read by anybody who has the link, kept from device to device, used up by joining alone."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site


def _opened(site: "Site", code: str) -> "object":
    from consent.registry.invitation_code import code_digest
    from consent.registry.models import Invitation

    return Invitation.objects.filter(code_digest=code_digest(code)).values().get()


def test_opening_it_uses_nothing_up_and_marks_nothing(site: "Site") -> None:
    from consent.registry.models import Offer
    from tests.web.browserless import MAIN

    offer, code = site.world.invite(site.world.organization())
    before = _opened(site, code)
    for _ in range(3):  # a mail program, the person, the person again
        browser = site.browser()
        browser.get(f"{MAIN}/i/{code}")
        assert browser.status == 200 and "Northlight Audio GmbH asks you" in browser.text
    assert _opened(site, code) == before and Offer.objects.get(id=offer).state == "offered"


def test_everything_starts_off_and_says_what_it_means(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    browser = site.browser()
    browser.get(f"{MAIN}/i/{invited(site)}")
    assert "checked" not in browser.text and "everything is off" in browser.text
    assert "Make a computer copy of your voice" in browser.text
    assert "A computer learns to speak like you." in browser.text
    assert (
        "must be deleted within 30 days" in browser.text
        and "What was already shown or sold may stay." in browser.text
    )


def test_what_is_switched_on_is_asked_of_the_rules_without_a_script(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited
    from tests.web.performing import words

    browser = site.browser()
    browser.get(f"{MAIN}/i/{invited(site)}")
    browser.post({"lines": ["l1"], "do": "look"})
    assert browser.path.endswith("#could") and 'value="l1" checked' in browser.text
    said = words(browser.text)
    assert "make a computer copy of your voice, for example" in said
    assert "Not: let your copied voice speak" in said
    assert "<script" not in browser.text


def test_what_was_chosen_is_there_on_another_device(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    code = invited(site)
    phone, laptop = site.browser(), site.browser()
    phone.get(f"{MAIN}/i/{code}")
    phone.post({"lines": ["l2"], "do": "look"})
    laptop.get(f"{MAIN}/i/{code}")
    assert 'value="l2" checked' in laptop.text and 'value="l1" checked' not in laptop.text
    assert "<svg" in laptop.text and f"{MAIN}/i/{code}" in laptop.text, "and how to go on elsewhere"
    assert "style=" not in laptop.text


def test_what_somebody_else_with_the_link_switched_on_is_said_and_never_adult(site: "Site") -> None:
    from tests.registry import terms
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    code = invited(site, terms.terms(terms.TRAIN, terms.ADULT))
    company, me = site.browser(), site.browser()
    company.get(f"{MAIN}/i/{code}")
    company.post({"lines": ["l1", "a1"], "do": "look"})
    assert 'value="a1" checked' in company.text and "in another browser" not in company.text
    me.get(f"{MAIN}/i/{code}")
    assert 'value="l1" checked' in me.text and 'value="a1" checked' not in me.text
    assert "in another browser, by somebody who has this link" in me.text
    me.post({"lines": [], "do": "look"})
    company.post({"lines": ["l1", "a1"], "do": "look"}, to=f"/i/{code}")
    me.get(f"{MAIN}/i/{code}")
    assert " checked" not in me.text and "in another browser" not in me.text


def test_nobody_switches_anything_on_while_somebody_joins(site: "Site") -> None:
    from consent.registry.operations.choices import read_choice
    from tests.web.browserless import MAIN
    from tests.web.newcomers import ABOUT, at_join

    offer, code = site.world.invite(site.world.organization())
    me = at_join(site, code, "l1")
    company = site.browser()
    company.get(f"{MAIN}/i/{code}")
    company.post({"lines": ["l1", "l2"], "do": "look"})
    kept = read_choice(offer)
    assert kept is not None and kept.lines == {"l1", "l2"}
    me.use_passkey(ABOUT)
    assert me.path == "/join/safe"
    kept = read_choice(offer)
    assert kept is not None and kept.lines == {"l1"}


def test_every_button_keeps_what_was_chosen(site: "Site") -> None:
    from consent.registry.operations.choices import read_choice
    from tests.web.browserless import MAIN

    for button in ("go", "have", "look", "nonsense", ""):
        offer, code = site.world.invite(site.world.organization())
        browser = site.browser()
        browser.get(f"{MAIN}/i/{code}")
        browser.post({"lines": ["l1", "no-such-line"], "do": button}, follow=False)
        assert browser.status == 303
        kept = read_choice(offer)
        assert kept is not None and kept.lines == {"l1"}, button


def test_adult_lines_stand_apart(site: "Site") -> None:
    from tests.registry import terms
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    browser = site.browser()
    browser.get(f"{MAIN}/i/{invited(site, terms.terms(terms.TRAIN, terms.ADULT))}")
    plain, _, adult = browser.text.partition("Adult content. Read this part twice.")
    assert 'value="l1"' in plain and 'value="a1"' not in plain and 'value="a1"' in adult


@pytest.mark.parametrize("how", ["unknown", "nonsense", "revoked", "expired", "withdrawn", "used"])
def test_every_code_that_opens_nothing_reads_alike(site: "Site", how: str) -> None:
    from consent.registry.operations.close_offer import withdraw_offer
    from consent.registry.operations.invitations import revoke_invitation
    from tests.web.browserless import MAIN
    from tests.web.newcomers import joined

    world = site.world
    organization = world.organization()
    offer, code = world.invite(organization)
    if how == "unknown":
        code = "0000-0000-0000-0000"
    elif how == "nonsense":
        code = "%3Cscript%3E"
    elif how == "revoked":
        invitation = _opened(site, code)["id"]  # type: ignore[index]
        revoke_invitation(world.ports, livemode=True, organization=organization, invitation=invitation)
    elif how == "expired":
        world.clock.forward(days=15)
    elif how == "withdrawn":
        withdraw_offer(world.ports, livemode=True, organization=organization, offer=offer)
    else:
        joined(site, code)
    browser, other = site.browser(), site.browser()
    browser.get(f"{MAIN}/i/{code}")
    other.get(f"{MAIN}/i/ZZZZ-ZZZZ-ZZZZ-ZZZZ")
    assert browser.status == other.status == 410 and browser.text == other.text


def test_a_code_is_read_as_people_type_it(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    code = invited(site)
    browser = site.browser()
    for typed in (code.lower(), code.replace("-", "")):
        browser.get(f"{MAIN}/i/{typed}")
        assert browser.status == 200, typed


def test_guessing_codes_is_braked_for_one_address_and_nobody_else(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    code = invited(site)
    guesser = site.browser()
    for _ in range(60):
        guesser.get(f"{MAIN}/i/0000-0000-0000-0000", **{"x-forwarded-for": "6.6.6.6, 203.0.113.9"})
        assert guesser.status == 410
    guesser.get(f"{MAIN}/i/{code}", **{"x-forwarded-for": "7.7.7.7, 203.0.113.9"})
    assert guesser.status == 429, "what a client says of itself does not help it"
    other = site.browser()
    other.get(f"{MAIN}/i/{code}", **{"x-forwarded-for": "203.0.113.10"})
    assert other.status == 200


def test_whoever_is_signed_in_takes_it_into_their_account_by_a_button_only(site: "Site") -> None:
    from consent.registry.models import Offer
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    offer, code = site.world.invite(me.organization("Second Sound Ltd"))
    me.browser.get(f"{MAIN}/i/{code}")
    assert me.browser.status == 200 and Offer.objects.get(id=offer).performer_id is None
    assert "I have a passkey here already" not in me.browser.text
    me.browser.post({"do": "go", "lines": ["l2"]})
    assert me.browser.path == f"/requests/{offer}" and 'value="l2" checked' in me.browser.text
    me.browser.get(f"/i/{code}")
    assert me.browser.path == f"/requests/{offer}", "the same link leads on, for them"
    stranger = site.browser()
    stranger.get(f"{MAIN}/i/{code}")
    assert stranger.status == 410


def test_an_account_of_the_other_side_cannot_take_it_up(site: "Site") -> None:
    from consent.registry.models import Offer
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    test_side = site.world.other_side()
    offer, code = test_side.invite(test_side.organization())
    me.browser.get(f"{MAIN}/i/{code}")
    assert "Test side: nothing here is real" in me.browser.text and "Sign out first" in me.browser.text
    me.browser.post({"do": "go"})
    assert me.browser.status == 200 and me.browser.path.startswith("/i/")
    assert Offer.objects.get(id=offer).performer_id is None


def test_i_have_a_passkey_here_already_leads_back_to_the_invitation(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited
    from tests.web.performing import actor

    me, code = actor(site), invited(site)
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/i/{code}")
    browser.post({"do": "have", "lines": ["l1"]})
    assert browser.path == f"/sign-in?next=/i/{code}"
    browser.use_passkey()
    assert browser.path == f"/i/{code}" and 'value="l1" checked' in browser.text


def test_no_thank_you_needs_no_account(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    browser = site.browser()
    browser.get(f"{MAIN}/i/{invited(site)}")
    assert 'href="/no-thank-you"' in browser.text
    browser.get("/no-thank-you")
    assert browser.status == 200 and "Nothing is allowed" in browser.text


def test_what_a_company_wrote_is_only_text(site: "Site") -> None:
    from tests.registry import terms
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    nasty = '"><script>alert(1)</script><img src=x onerror=alert(1)> *not* [a](b) '
    line = {**terms.TRAIN, "description": {"en": (nasty * 4).strip()}}
    offered = terms.terms(line, project={"ref": "N-1", "title": "</title><script>x</script>"})
    browser = site.browser()
    browser.get(f"{MAIN}/i/{invited(site, offered, name='<i>North</i> & light')}")
    assert browser.status == 200
    assert "<script" not in browser.text and "<img" not in browser.text and "<i>North" not in browser.text
    assert "&lt;i&gt;North&lt;/i&gt; &amp; light" in browser.text
    assert "*not* [a](b)" in browser.text, "and it is not half a text of ours either"


def test_the_page_is_small_and_cannot_run_anything(site: "Site") -> None:
    from tests.registry import terms
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    lines = [{**terms.TRAIN, "id": f"x{number}"} for number in range(32)]
    browser = site.browser()
    browser.get(f"{MAIN}/i/{invited(site, terms.terms(*lines))}")
    assert browser.status == 200 and len(browser.text.encode()) < 75_000
    assert browser.last is not None
    policy = browser.last.headers["Content-Security-Policy"]
    assert "script-src" not in policy and "default-src 'none'" in policy
    assert browser.last.headers["Cache-Control"] == "no-store"


def test_no_log_line_tells_a_code_or_a_link(site: "Site") -> None:
    import io
    import logging

    from consent.server.logs import set_up_logs
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited

    code, stream, root = invited(site), io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    browser = site.browser()
    try:
        set_up_logs(stream, level=logging.DEBUG)
        browser.get(f"{MAIN}/i/{code}")
        browser.post({"do": "go"}, token=False)  # a form from elsewhere
        assert browser.status == 403
        browser.get(f"{MAIN}/i/{code}x")
        browser.get(f"{MAIN}/stop/{'A' * 43}")
        assert browser.status == 410
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    said = stream.getvalue()
    assert code not in said and "A" * 43 not in said
