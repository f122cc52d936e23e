"""Who comes to which of an organization's pages: by role, by side, by company, and no longer once removed."""

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site
    from tests.web.organization_world import Company

OFFERS = ["/offers", "/offers/new", "/offers/new/json", "/offers/new/dubbing", "/offers/{off}", "/offers/{off}/edit",
          "/offers/{off}/send", "/offers/{off}/withdraw", "/offers/{off}/invitations/{inv}/revoke"]  # fmt: skip
CONSENTS = ["", "/consents", "/consents/{grt}", "/consents/{grt}/package"]
NAMES = ["/consents/{grt}/name"]
KEYS = ["/keys", "/keys/new", "/keys/{key}", "/keys/{key}/rotate", "/keys/{key}/revoke", "/console"]
OWNERS = ["/members", "/members/invite", "/members/{mem}", "/members/{mem}/remove", "/audit"]
FORBIDDEN = {
    "producer": [*KEYS, *OWNERS],
    "developer": [*OFFERS, *OWNERS],
    "desk": [*OFFERS, *NAMES, *KEYS, *OWNERS],
}
ALLOWED = {
    "producer": [*CONSENTS, "/offers"],
    "developer": [*CONSENTS, "/keys", "/console"],
    "desk": CONSENTS,
}
_TOKENS = re.compile(r'value="[A-Za-z0-9_-]{43,}"')


@pytest.fixture
def company(site: "Site") -> "Company":
    """A company of this test's own."""
    from tests.web.organization_world import Company

    return Company.of(site)


def objects(company: "Company", side: str = "live") -> dict[str, str]:
    """One of everything that has an address."""
    from consent.registry.models import Invitation

    world = company.side(side)
    offer, _code = world.invite(company.id)
    return {
        "off": offer,
        "inv": Invitation.objects.get(offer_id=offer).id,
        "grt": company.consent(side)[1],
        "key": company.key(side).id,
        "mem": company.member("desk", name="Somebody Else"),
    }


def without_tokens(page: str) -> str:
    """A page but for what differs at every visit."""
    return _TOKENS.sub("", page)


@pytest.mark.parametrize("role", FORBIDDEN)
def test_a_role_opens_its_own_pages_and_no_others_even_by_address(company: "Company", role: str) -> None:
    found = objects(company)
    browser = company.enter(role)
    for path in ALLOWED[role]:
        assert browser.get(f"/org/live{path.format(**found)}").status_code == 200, path
    browser.get("/org/live")
    for path in FORBIDDEN[role]:
        address = f"/org/live{path.format(**found)}"
        assert browser.get(address).status_code == 403, path
        browser.get("/org/live")
        assert browser.post({"name": "x"}, to=address).status_code == 403, path
        browser.get("/org/live")
        part = path.split("/")[1]
        if part != "consents":
            assert f'href="/org/live/{part}"' not in browser.text


def test_what_is_of_another_company_answers_as_what_does_not_exist(site: "Site", company: "Company") -> None:
    from consent.core.ids import new_id
    from tests.web.organization_world import Company

    theirs = objects(Company.of(site, "Kestrel Chat Ltd"))
    nobody = {name: new_id(name) for name in theirs}
    browser = company.enter("owner")
    for path in [*OFFERS, *CONSENTS, *NAMES, *KEYS, *OWNERS]:
        if "{" not in path:
            continue
        pages = []
        for found in (theirs, nobody):
            address = f"/org/live{path.format(**found)}"
            assert browser.get(address).status_code == 404, path
            shown = without_tokens(browser.text)
            browser.get("/org/live")
            assert browser.post({"external_id": "x", "do": "set"}, to=address).status_code == 404, path
            pages.append((shown, without_tokens(browser.text)))
        assert pages[0] == pages[1], path


def test_no_page_of_one_side_shows_or_takes_what_is_of_the_other(company: "Company") -> None:
    live, test = objects(company, "live"), objects(company, "test")
    browser = company.enter("owner")
    for side, own, other in (("live", live, test), ("test", test, live)):
        for path in ("", "/offers", "/consents", "/keys", "/console", "/audit"):
            browser.get(f"/org/{side}{path}")
            assert browser.status == 200
            for name in ("off", "grt", "key"):
                assert other[name] not in browser.text, (side, path)
        assert own["grt"] in browser.get(f"/org/{side}/consents").content.decode()
        for path in ("/offers/{off}", "/consents/{grt}", "/consents/{grt}/package", "/keys/{key}"):
            assert browser.get(f"/org/{side}{path.format(**other)}").status_code == 404
        browser.get(f"/org/{side}/console")
        browser.post({"performer": "x", "use": "train.voice", "key": other["key"]}, to=f"/org/{side}/console")
        assert browser.status == 404


def test_a_side_that_is_not_open_does_not_exist(site: "Site") -> None:
    from tests.web.organization_world import Company

    company = Company(site=site, world=site.world, id=site.world.organization())
    browser = company.enter("owner")
    assert browser.path == "/org/live"
    assert "Test side" not in browser.text
    assert browser.get("/org/test").status_code == 404
    assert browser.get("/org/beyond").status_code == 404


def test_a_member_who_is_removed_is_out_at_the_next_click(company: "Company") -> None:
    from consent.registry.models import Member

    owner, developer = company.enter("owner"), company.enter("developer", name="Lin Ode")
    gone = Member.objects.get(organization_id=company.id, role="developer").id
    developer.get("/org/live/keys/new")
    owner.get(f"/org/live/members/{gone}")
    owner.post(to=f"/org/live/members/{gone}/remove")
    assert "Lin Ode" not in owner.text
    developer.post({"name": "late", "scopes": ["check"]}, to="/org/live/keys/new", follow=False)
    assert developer.status in (303, 403)
    assert "crk_live_" not in developer.text
    assert developer.get("/org/live/keys", follow=False).headers["Location"].startswith("/sign-in")
    developer.get("/sign-in")
    developer.use_passkey()
    assert "/org" not in developer.path


def test_the_last_owner_stays(company: "Company") -> None:
    from consent.registry.models import Member

    browser = company.enter("owner")
    me = Member.objects.get(organization_id=company.id).id
    browser.get(f"/org/live/members/{me}")
    browser.post(to=f"/org/live/members/{me}/remove")
    assert browser.status == 409 and "last owner" in browser.text
    assert browser.get("/org/live").status_code == 200


def test_a_form_from_elsewhere_does_nothing(company: "Company") -> None:
    from consent.registry.models import ApiKey

    browser = company.enter("owner")
    browser.get("/org/live/keys/new")
    browser.post({"name": "forged", "scopes": ["check"]}, to="/org/live/keys/new", token=False)
    assert browser.status == 403
    assert not ApiKey.objects.filter(organization_id=company.id).exists()


def test_nobody_else_comes_in(site: "Site", company: "Company") -> None:
    nobody = site.browser()
    answer = nobody.get("/org/live/keys", follow=False)
    assert answer.status_code == 303 and answer.headers["Location"] == "/sign-in?next=/org/live/keys"


def test_a_member_is_no_performer_and_is_not_sent_round_in_circles(company: "Company") -> None:
    browser = company.enter("owner")
    for path in ("/home", "/consents", "/operator"):
        browser.get(path)
        assert browser.path == "/org/live"


def test_a_link_lets_one_person_in_once(site: "Site", company: "Company") -> None:
    from consent.registry.models import AccountPasskey
    from tests.signing.software_authenticator import SoftwareAuthenticator

    member = company.member("producer", name="Noa Reed")
    link = company.link(member)
    first, second = (site.browser(SoftwareAuthenticator()) for _ in range(2))
    for browser in (first, second):
        for _ in range(2):  # looking uses nothing up
            browser.get(link)
        assert "You are a producer" in browser.text
    first.use_passkey({"label": "phone"})
    assert first.path == "/org/live"
    second.use_passkey({"label": "phone"})
    assert second.status == 409
    assert second.get(link).status_code == 409
    assert AccountPasskey.objects.filter(member_id=member).count() == 1
    assert second.get("/org/live", follow=False).status_code == 303


def test_a_passkey_made_for_one_link_opens_no_other(site: "Site", company: "Company") -> None:
    from tests.signing.software_authenticator import SoftwareAuthenticator

    owner, desk = company.member("owner"), company.member("desk")
    browser = site.browser(SoftwareAuthenticator())
    browser.get(company.link(desk))
    answer, ceremony = browser.answer(), browser.hidden()["ceremony"]
    other = company.link(owner)
    browser.get(other)
    browser.post({"passkey": answer, "ceremony": ceremony, "label": "phone"}, to=other)
    assert browser.status == 422 and "waited too long" in browser.text
    assert browser.get("/org/live", follow=False).status_code == 303


def test_an_unnamed_device_is_asked_for_again_and_the_link_still_works(
    site: "Site", company: "Company"
) -> None:
    from tests.signing.software_authenticator import SoftwareAuthenticator

    browser: Browser = site.browser(SoftwareAuthenticator())
    browser.get(company.link(company.member("desk")))
    browser.use_passkey({"label": "  "})
    assert browser.status == 422 and "Write a short name" in browser.text
    browser.use_passkey({"label": "desk phone"})
    assert browser.path == "/org/live"


def test_an_owner_invites_somebody_who_comes_in(site: "Site", company: "Company") -> None:
    from consent.registry.models import Member
    from tests.signing.software_authenticator import SoftwareAuthenticator

    owner = company.enter("owner")
    sent: dict[str, Any] = {"name": "Ira <b>Bold</b>", "email": "ira@northlight.example", "role": "developer"}
    owner.get("/org/live/members/invite")
    owner.post({**sent, "email": "nowhere"})
    assert owner.status == 422 and "Write an e-mail address." in owner.text
    owner.post({**sent, "role": "emperor"})
    assert owner.status == 422 and "Choose a role." in owner.text
    ceremony = owner.hidden()
    owner.post(sent)
    link = re.search(r"https://registry\.example(/m/[A-Za-z0-9_-]+)", owner.text)
    assert link is not None and "<b>Bold" not in owner.text
    owner.post({**sent, **ceremony})  # the answer is reloaded
    assert owner.status == 422 and "/m/" not in owner.text
    assert Member.objects.filter(organization_id=company.id, role="developer").count() == 1
    newcomer = site.browser(SoftwareAuthenticator())
    newcomer.get(link[1])
    newcomer.use_passkey({"label": "laptop"})
    assert newcomer.path == "/org/live" and "Members" not in newcomer.text
    assert "ira@northlight.example" not in owner.get("/org/live/members").content.decode()


def test_a_stolen_laptop_is_shut_out_at_once(site: "Site", company: "Company") -> None:
    from consent.registry.models import Member

    owner, laptop = company.enter("owner"), company.enter("producer", name="Noa Reed")
    member = Member.objects.get(organization_id=company.id, role="producer").id
    owner.get(f"/org/live/members/{member}")
    off = re.search(rf'action="(/org/live/members/{member}/passkeys/\d+/off)"', owner.text)
    assert off is not None
    owner.post(to=off[1])
    assert owner.path == f"/org/live/members/{member}" and off[1] not in owner.text
    owner.post(to=off[1])  # a second click
    assert owner.status == 200
    assert laptop.get("/org/live", follow=False).status_code == 303
    laptop.get("/sign-in")
    laptop.use_passkey()
    assert not laptop.path.startswith("/org")


def test_one_switches_off_ones_own_passkeys_but_the_last(site: "Site", company: "Company") -> None:
    from consent.registry.models import AccountPasskey
    from tests.signing.software_authenticator import SoftwareAuthenticator

    member = company.member("desk")
    first = site.browser(SoftwareAuthenticator())
    first.get(company.link(member))
    first.use_passkey({"label": "old phone"})
    (old,) = AccountPasskey.objects.filter(member_id=member).values_list("id", flat=True)
    first.get("/org/live/me")
    first.post(to=f"/org/live/me/passkeys/{old}/off")
    assert first.status == 409 and "This is your only passkey." in first.text
    second = site.browser(SoftwareAuthenticator())
    second.get(company.link(member))
    second.use_passkey({"label": "new phone"})
    second.get("/org/live/me")
    second.post(to=f"/org/live/me/passkeys/{old}/off")
    assert second.path.startswith("/sign-in") and first.get("/org/live", follow=False).status_code == 303
    second.use_passkey()
    assert second.path == "/org/live"
    stranger = company.enter("developer")
    new = AccountPasskey.objects.get(member_id=member, blocked_at=None).id
    for passkey in (new, 10**30):
        stranger.get("/org/live/me")
        stranger.post(to=f"/org/live/me/passkeys/{passkey}/off")
        assert stranger.status in (404, 409)
    assert AccountPasskey.objects.get(id=new).blocked_at is None
