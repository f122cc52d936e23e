"""Without any key: the same answer for everybody, links that work once, a new passkey that waits."""

import secrets
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site
    from tests.web.performing import Actor


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    """Only the test of it waits until everybody's answer is due."""
    from consent.web.public import lost_key

    monkeypatch.setattr(lost_key, "ANSWER_AFTER_S", 0.0)


def _ask(site: "Site", email: str, browser: "Browser | None" = None, **headers: str) -> "Browser":
    from tests.web.browserless import MAIN

    browser = browser or site.browser()
    browser.get(f"{MAIN}/lost-key")
    headers.setdefault(
        "x-forwarded-for", f"2001:db8:{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}::1"
    )
    browser.post({"email": email}, **headers)
    return browser


def _links(site: "Site", me: "Actor") -> list[dict[str, str]]:
    """The addresses in every mail that was put up for this performer, oldest first."""
    from consent.log.models import Outbox
    from consent.log.outbox import open_secret
    from consent.registry.notices import read_links

    rows = Outbox.objects.filter(kind="link", performer_id=str(me.id)).order_by("created_at")
    return [read_links(open_secret(row, site.world.ports.log.sealer)) for row in rows]


def _sheet(site: "Site", me: "Actor") -> str:
    from consent.registry.operations.recovery import make_recovery_code

    site.world.clock.forward(seconds=1)  # lists are in the order in which keys came
    return make_recovery_code(site.world.ports, performer=me.id)


def test_the_answer_is_the_same_whether_the_address_is_known_or_not(site: "Site") -> None:
    from tests.web.performing import actor

    me = actor(site, email="known-one@mail.example")
    known, unknown = _ask(site, "known-one@mail.example"), _ask(site, "nobody-at-all@mail.example")
    assert known.status == unknown.status == 200 and known.text == unknown.text
    assert len(_links(site, me)) == 1


def test_the_answer_takes_as_long_for_everybody(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from consent.web.public import lost_key
    from tests.web import browserless
    from tests.web.performing import actor

    actor(site, email="known-two@mail.example")
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    log = replace(site.ports.registry.log, boot_clock=lambda: now[0], sleep=sleep)
    monkeypatch.setattr(lost_key, "ANSWER_AFTER_S", 0.4)
    with browserless.serve(log) as slow:
        for email in ("known-two@mail.example", "nobody-two@mail.example"):
            _ask(slow, email)
    assert slept == [0.4, 0.4]


def test_the_address_is_found_however_it_is_spelt_and_what_is_none_is_said(site: "Site") -> None:
    from tests.web.performing import actor

    me = actor(site, email="Known-Three@mail.example")
    _ask(site, " known-three@MAIL.example ")
    assert len(_links(site, me)) == 1
    assert _ask(site, "known three").status == 422


def test_nobody_gets_more_than_three_mails_an_hour_and_nobody_hears_of_it(site: "Site") -> None:
    from tests.web.performing import actor

    me = actor(site, email="flooded@mail.example")
    answers = {_ask(site, "flooded@mail.example").text for _ in range(5)}
    assert len(answers) == 1 and len(_links(site, me)) == 3
    site.world.clock.forward(minutes=61)
    _ask(site, "flooded@mail.example")
    assert len(_links(site, me)) == 4


def test_one_address_asks_twenty_times_and_others_go_on(site: "Site") -> None:
    for _ in range(20):
        assert _ask(site, "x@y.example", **{"x-forwarded-for": "198.51.100.7"}).status == 200
    assert _ask(site, "x@y.example", **{"x-forwarded-for": "198.51.100.7"}).status == 429
    assert _ask(site, "x@y.example", **{"x-forwarded-for": "198.51.100.8"}).status == 200


def test_a_mailed_link_begins_a_recovery_once(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.performing import actor

    me = actor(site, email="recover-one@mail.example")
    _ask(site, "recover-one@mail.example")
    link = _links(site, me)[0]["recover"]
    site.world.clock.forward(seconds=1)
    browser = site.browser(SoftwareAuthenticator())
    for _ in range(3):
        browser.get(link)
        assert browser.status == 200 and "need a new passkey" in browser.text, "looking uses nothing up"
    browser.post()
    assert browser.path == "/recover-key"
    browser.use_passkey({"label": "from the mail"})
    assert browser.path == "/wait" and "Your old passkeys go off then" in browser.text
    old, new = passkeys_of(me.id)
    assert (old.state, new.state, new.label) == ("active", "pending", "from the mail")
    again = site.browser(SoftwareAuthenticator())
    again.get(link)
    assert again.status == 410
    browser.get("/home")
    assert browser.path == "/wait", "the new passkey sees nothing before the check"


def test_the_sheets_code_begins_one_and_is_used_up_with_the_new_passkey_only(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from consent.registry.operations.recovery import has_recovery_code
    from consent.web.models import Session
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    code = _sheet(site, me)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"{MAIN}/recover")
    browser.post({"code": code.lower().replace("-", " ")})
    assert browser.path == "/recover-key" and code not in browser.text
    assert has_recovery_code(me.id), "somebody may still turn back"
    for session in Session.objects.filter(origin="signing"):
        assert code not in str(session.get_decoded()), "and nobody learns it from the database"
    browser.post({"passkey": "{}", "label": "x"})
    assert browser.status == 422 and has_recovery_code(me.id)
    browser.use_passkey({"label": "new phone"})
    assert browser.path == "/wait" and not has_recovery_code(me.id)
    assert [key.state for key in passkeys_of(me.id)] == ["active", "pending"]
    late = site.browser(SoftwareAuthenticator())
    late.get(f"{MAIN}/recover")
    late.post({"code": code})
    assert late.status == 422 and late.path == "/recover"


def test_after_the_new_check_the_old_key_is_off_and_the_new_one_waits_72_hours(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    code = _sheet(site, me)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"{MAIN}/recover")
    browser.post({"code": code})
    browser.use_passkey()
    site.world.verify(me.id)
    browser.get("/wait")
    assert browser.path == "/home"
    old, new = passkeys_of(me.id)
    assert (old.state, new.state) == ("blocked", "active")
    assert new.usable_from is not None and new.usable_from > site.world.clock()
    me.browser.get("/home")
    assert me.browser.path == "/sign-in?next=/home"


def test_whoever_still_has_a_key_sees_that_somebody_began_and_stops_it(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    thief = site.browser(SoftwareAuthenticator())
    code = _sheet(site, me)
    thief.get(f"{MAIN}/recover")
    thief.post({"code": code})
    thief.use_passkey({"label": "not mine"})
    me.browser.get(f"{MAIN}/keys")
    assert "Was that not you?" in me.browser.text
    began = next(key for key in passkeys_of(me.id) if key.state == "pending")
    me.browser.get(f"/keys/{began.credential}/off")
    me.browser.post()
    assert me.browser.path == "/keys?told=off"
    thief.get("/wait")
    assert thief.path.startswith("/sign-in")


def _recovering(site: "Site", me: "Actor", label: str = "not mine") -> "Browser":
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.browserless import MAIN

    browser = site.browser(SoftwareAuthenticator())
    code = _sheet(site, me)
    browser.get(f"{MAIN}/recover")
    browser.post({"code": code})
    browser.use_passkey({"label": label})
    assert browser.path == "/wait"
    return browser


def test_the_performer_is_told_by_mail_as_soon_as_one_begins(site: "Site") -> None:
    from consent.log.models import Outbox
    from consent.server.mail.letter import NotNeededError
    from consent.server.mail.letters import letter
    from tests.web.operators import refuse_all
    from tests.web.performing import actor

    me = actor(site, email="told-at-once@mail.example")
    _recovering(site, me)
    row = Outbox.objects.get(kind="recovery", performer_id=str(me.id))
    said = letter(row, site.ports.registry)
    assert said.to == "told-at-once@mail.example" and said.subject == "A new key waits in your account"
    assert said.values["label"] == "not mine" and said.values["keys_link"].endswith("/keys")
    refuse_all(site, me.id)
    with pytest.raises(NotNeededError):
        letter(row, site.ports.registry)


def test_a_sheet_is_not_used_up_where_no_key_fits_any_more(site: "Site") -> None:
    from consent.registry.operations.enrol_passkey import MAX_PENDING
    from consent.registry.operations.recovery import has_recovery_code
    from tests.registry.newcomer import Device, add_pending
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.browserless import MAIN
    from tests.web.operators import refuse_all
    from tests.web.performing import actor

    me = actor(site)
    for _ in range(MAX_PENDING):
        add_pending(site.world, me.id, Device(), recovering=True)
    code = _sheet(site, me)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"{MAIN}/recover")
    browser.post({"code": code})
    browser.use_passkey({"label": "mine"})
    assert browser.status == 409 and has_recovery_code(me.id)
    refuse_all(site, me.id)
    browser.get("/recover-key")
    browser.use_passkey({"label": "mine"})
    assert browser.path == "/wait" and not has_recovery_code(me.id)


def test_a_key_that_waits_takes_up_no_invitation_in_anybodys_name(site: "Site") -> None:
    from consent.registry.models import Invitation, PairwiseReference
    from consent.registry.queries.invitations import read_invitation
    from tests.web.browserless import MAIN
    from tests.web.newcomers import invited
    from tests.web.performing import actor

    me = actor(site)
    thief, code = _recovering(site, me), invited(site)
    thief.get(f"{MAIN}/i/{code}")
    thief.post({"do": "go", "lines": ["l1"]})
    assert thief.path == "/wait"
    found = read_invitation(site.ports.registry, code=code)
    assert found is not None and not found.redeemed
    assert not Invitation.objects.filter(redeemed_by=me.id).exists()
    assert not PairwiseReference.objects.filter(performer=me.id).exists()


def test_whoever_is_refused_reads_what_happened_and_what_to_do(site: "Site") -> None:
    from tests.web.operators import refuse_all
    from tests.web.performing import actor

    me = actor(site)
    browser = _recovering(site, me, label="new")
    refuse_all(site, me.id)
    for _ in range(2):
        browser.get("/wait", follow=False)
        assert browser.last is not None and browser.last.headers["Location"] == "/wait/refused"
    browser.get("/wait/refused")
    assert browser.status == 200 and "We could not confirm who you are" in browser.text
    assert 'href="/lost-key"' in browser.text and 'href="/recover"' in browser.text
    browser.get("/home")
    assert browser.path == "/sign-in?next=/home"


def test_a_key_from_the_mailbox_does_not_come_in_with_the_first_check(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.web.operators import operator_of
    from tests.web.performing import actor

    me = actor(site, verified=False)
    _recovering(site, me)
    own, foreign = passkeys_of(me.id)
    _, examiner = operator_of(site)
    examiner.get(f"/operator/identity/{own.credential}")
    assert f'value="{own.credential}" checked' in examiner.text
    assert f'value="{foreign.credential}">' in examiner.text and "only if they show it" in examiner.text
    site.world.verify(me.id)
    assert [key.state for key in passkeys_of(me.id)] == ["active", "pending"]


def test_two_browsers_with_one_code_make_one_key(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    code = _sheet(site, me)
    browsers = []
    for _ in range(2):
        browser = site.browser(SoftwareAuthenticator())
        browser.get(f"{MAIN}/recover")
        browser.post({"code": code})
        browsers.append(browser)
    for browser in browsers:
        browser.use_passkey()
    assert [browser.path for browser in browsers] == ["/wait", "/recover-key"] and browsers[1].status == 410
    assert len(passkeys_of(me.id)) == 2


def test_a_known_passkey_does_not_use_the_code_up(site: "Site") -> None:
    from consent.registry.operations.recovery import has_recovery_code
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    code = _sheet(site, me)
    browser = site.browser(me.device.passkey)
    browser.get(f"{MAIN}/recover")
    browser.post({"code": code})
    browser.use_passkey()
    assert browser.status == 422 and has_recovery_code(me.id)


@pytest.mark.parametrize("kind", ["stop", "recover"])
def test_a_link_of_the_other_kind_an_old_one_and_a_made_up_one_read_alike(site: "Site", kind: str) -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site, email=f"kinds-{kind}@mail.example")
    _ask(site, f"kinds-{kind}@mail.example")
    links = _links(site, me)[0]
    token = links["recover" if kind == "stop" else "stop"].rpartition("/")[2]
    site.world.clock.forward(minutes=31)
    pages = set()
    for address in (f"/{kind}/{token}", links[kind], f"/{kind}/{'A' * 43}", f"/{kind}/x", f"/{kind}/%3Cb%3E"):
        browser = site.browser()
        browser.get(address if "://" in address else MAIN + address)
        assert browser.status == 410
        pages.add(browser.text)
    assert len(pages) == 1


def test_guessing_sheet_codes_is_braked(site: "Site") -> None:
    from tests.web.browserless import MAIN

    browser = site.browser()
    browser.get(f"{MAIN}/recover")
    statuses = []
    for _ in range(61):
        browser.post({"code": "0000-0000-0000-0000-0000-0000"}, **{"x-forwarded-for": "198.51.100.77"})
        statuses.append(browser.status)
    assert statuses == [422] * 60 + [429]
