"""Keys and devices: adding one takes two passkeys, switching one off takes a session."""

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site
    from tests.web.performing import Actor


def _make(me: "Actor", label: str = "my tablet") -> "tuple[Browser, Any]":
    """The first half: a new passkey was made on the signing origin and waits to be vouched for."""
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.browserless import MAIN

    old, new = me.device.passkey, SoftwareAuthenticator()
    me.site.world.clock.forward(seconds=1)  # lists are in the order in which keys came
    me.browser.get(f"{MAIN}/keys")
    me.browser.post(to="/keys/new")
    assert me.browser.path == "/keys/add"
    me.browser.passkey = new
    me.browser.use_passkey({"label": label})
    me.browser.passkey = old
    return me.browser, new


def test_a_further_passkey_is_made_and_vouched_for_and_waits_72_hours(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.web.performing import actor

    me = actor(site)
    browser, new = _make(me)
    assert browser.path == "/keys/add" and "I call it: my tablet." in browser.text
    assert len(passkeys_of(me.id)) == 1, "nothing is kept before it is vouched for"
    browser.use_passkey()
    assert browser.path == "/keys?told=added" and "sign from 4 December 2026, 09:00 UTC" in browser.text
    # Both are of one instant here, so that the older is known by its id only.
    old, kept = sorted(passkeys_of(me.id), key=lambda key: key.webauthn_id == new.credential_id)
    assert kept.webauthn_id == new.credential_id and kept.user_handle == old.user_handle
    assert (kept.state, kept.label) == ("active", "my tablet")
    assert (
        kept.usable_from is not None and (kept.usable_from - site.world.clock()).total_seconds() == 72 * 3600
    )


def test_the_new_passkey_signs_in_at_once_and_signs_nothing_for_72_hours(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    offer = me.request(me.organization())
    browser, new = _make(me)
    browser.use_passkey()
    other = site.browser(new)
    other.get(f"{MAIN}/sign-in")
    other.use_passkey()
    assert other.path == "/home"
    other.get("/keys")
    other.post(to="/keys/new")
    assert "vouch" not in other.text
    me.browser = other
    me.choose(offer, "l1")
    assert other.options()["allowCredentials"][0]["id"] != new.credential_id


def test_the_exact_words_are_signed_and_are_kept_with_the_statement(site: "Site") -> None:
    from consent.registry.models import Credential, Statement
    from consent.registry.operations.read_package import opened_statement
    from tests.web.performing import actor

    me = actor(site)
    browser, new = _make(me, 'a *strange* <b>"label"</b>')
    assert "a *strange* &lt;b&gt;&quot;label&quot;&lt;/b&gt;" in browser.text
    browser.use_passkey()
    assert browser.path == "/keys?told=added"
    key = Credential.objects.get(thumbprint=new.public_key.thumbprint)
    row = Statement.objects.get(id=key.statement)
    body = opened_statement(row, site.world.ports)["envelope"]["body"]
    assert body["label"] == 'a *strange* <b>"label"</b>' and body["by_credential"] == me.thumbprint


def test_the_new_passkey_cannot_vouch_for_itself(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.web.performing import actor

    me = actor(site)
    browser, new = _make(me)
    browser.passkey = new
    browser.use_passkey()
    assert browser.status == 422 and len(passkeys_of(me.id)) == 1


def test_somebody_elses_passkey_cannot_vouch(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.web.performing import actor

    me, other = actor(site), actor(site)
    browser, _ = _make(me)
    browser.passkey = other.device.passkey
    browser.use_passkey()
    assert browser.status == 422 and len(passkeys_of(me.id)) == 1


def test_a_sign_in_is_no_signature_for_a_key(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    browser, _ = _make(me)
    browser.post({"passkey": browser.answer(origin=MAIN)})
    assert browser.status == 422 and len(passkeys_of(me.id)) == 1


def test_a_known_passkey_is_not_added_again(site: "Site") -> None:
    from consent.registry.operations.passkeys import passkeys_of
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    me.browser.get(f"{MAIN}/keys")
    me.browser.post(to="/keys/new")
    known = me.device.passkey.credential_id
    answer = me.browser.answer()  # the double changes its id, as a device would; the key stays
    me.browser.post({"passkey": answer, "label": "again"})
    me.browser.use_passkey()
    assert me.browser.status in (409, 422) and len(passkeys_of(me.id)) == 1
    me.device.passkey.credential_id = known


def test_another_new_passkey_may_be_made_instead(site: "Site") -> None:
    from tests.web.performing import actor

    me = actor(site)
    browser, _ = _make(me, "wrong one")
    browser.post({"do": "anew"})
    assert browser.path == "/keys/add" and "First, make the new passkey" in browser.text
    assert "user" in browser.options()


def test_the_list_says_what_each_key_is_and_which_one_is_here(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site, label='<i>blue</i> "one"')
    me.browser.get(f"{MAIN}/keys")
    assert "&lt;i&gt;blue&lt;/i&gt; &quot;one&quot;" in me.browser.text and "<i>blue" not in me.browser.text
    assert "you came in with it" in me.browser.text and "can sign" in me.browser.text


def test_switching_off_a_key_ends_what_it_opened_and_is_asked_once(site: "Site") -> None:
    from consent.registry.models import Credential
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    browser, new = _make(me)
    browser.use_passkey()
    other = site.browser(new)
    other.get(f"{MAIN}/sign-in")
    other.use_passkey()
    row = Credential.objects.get(thumbprint=new.public_key.thumbprint)
    browser.get(f"{MAIN}/keys/{row.id}/off")
    assert "Switch off “my tablet”?" in browser.text and "last key" not in browser.text
    row.refresh_from_db()
    assert row.state == "active", "asking does nothing"
    browser.post()
    assert browser.path == "/keys?told=off"
    row.refresh_from_db()
    assert row.state == "blocked"
    other.get("/home")
    assert other.path == "/sign-in?next=/home"
    browser.get("/home")
    assert browser.path == "/home"
    browser.get(f"/keys/{row.id}/off")
    assert browser.status == 404


def test_the_last_key_is_switched_off_only_by_somebody_who_is_sure(site: "Site") -> None:
    from consent.registry.models import Credential
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    row = Credential.objects.get(thumbprint=me.thumbprint)
    me.browser.get(f"{MAIN}/keys/{row.id}/off")
    assert "This is the last key that you have." in me.browser.text
    me.browser.post()
    row.refresh_from_db()
    assert row.state == "active" and "Tick the box" in me.browser.text
    me.browser.post({"sure": "yes"})
    row.refresh_from_db()
    assert row.state == "blocked" and "signed out now" in me.browser.text
    me.browser.get("/home")
    assert me.browser.path == "/sign-in?next=/home"


def test_nobody_switches_off_a_strangers_key(site: "Site") -> None:
    from consent.registry.models import Credential
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me, other = actor(site), actor(site)
    row = Credential.objects.get(thumbprint=other.thumbprint)
    me.browser.get(f"{MAIN}/keys")
    for name in (row.id, "cre_nothing", "x"):
        me.browser.post({"sure": "yes"}, to=f"/keys/{name}/off")
        assert me.browser.status == 404
    row.refresh_from_db()
    assert row.state == "active"


def test_a_new_sheet_replaces_the_old_one(site: "Site") -> None:
    from consent.registry.errors import RecoveryCodeSpent
    from consent.registry.operations.recovery import use_recovery_code
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    codes = []
    for _ in range(2):
        me.browser.get(f"{MAIN}/keys")
        me.browser.post(to="/keys/sheet")
        found = re.search(r'<code class="key">([0-9A-Z-]+)</code>', me.browser.text)
        assert found is not None
        codes.append(found[1])
    with pytest.raises(RecoveryCodeSpent):
        use_recovery_code(site.world.ports, code=codes[0])
    assert use_recovery_code(site.world.ports, code=codes[1]).performer == me.id


@pytest.mark.parametrize("address", ["/keys/new", "/keys/sheet"])
def test_looking_makes_nothing(site: "Site", address: str) -> None:
    from consent.registry.operations.recovery import has_recovery_code
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    me.browser.get(f"{MAIN}{address}")
    assert me.browser.path == "/keys" and not has_recovery_code(me.id)


def test_a_key_that_another_window_switched_off_is_told_of_once_that_is_enforced(
    site: "Site", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.models import Enforcement, Event
    from consent.registry.errors import StateConflict
    from consent.web.performer import keys
    from tests.registry.newcomer import Device, add_pending
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    waiting = add_pending(site.world, me.id, Device(), recovering=True)
    block = keys.block_credential

    def slower(*args: Any, **options: Any) -> None:
        block(*args, **options)
        raise StateConflict("this key is off already")

    monkeypatch.setattr(keys, "block_credential", slower)
    me.browser.get(f"{MAIN}/keys/{waiting}/off")
    me.browser.post()
    assert me.browser.path == "/keys?told=off"
    event = Event.objects.get(performer_id=str(me.id), kind="credential.blocked").event_id
    assert Enforcement.objects.get(event_id=event).enforced_at is not None
