"""Stopping by a mailed link: a list to choose from for fifteen minutes, and nothing that allows."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from tests.web.browserless import Browser, Site
    from tests.web.performing import Actor


def _link(site: "Site", me: "Actor") -> str:
    from consent.registry.operations.links import make_link
    from tests.web.browserless import MAIN

    return f"{MAIN}/stop/{make_link(site.world.ports, kind='stop', performer=me.id)}"


def _stopping(site: "Site", me: "Actor") -> "Browser":
    browser = site.browser()
    browser.get(_link(site, me))
    browser.post()
    assert browser.path == "/stop" and browser.status == 200
    return browser


def _state(grant: str) -> str:
    from consent.registry.models import Grant

    return Grant.objects.get(id=grant).state


def test_the_link_is_opened_by_a_button_and_once(site: "Site") -> None:
    from tests.web.performing import actor

    me = actor(site)
    link = _link(site, me)
    browser = site.browser()
    for _ in range(3):
        browser.get(link)
        assert browser.status == 200, "a mail program looked first"
    browser.post()
    assert browser.path == "/stop"
    other = site.browser()
    other.get(link)
    assert other.status == 410
    other.post(to=link.rpartition("registry.example")[2], token=False)
    assert other.status in (403, 410) and other.path != "/stop"


def test_the_list_shows_companies_and_nothing_else(site: "Site") -> None:
    from tests.registry.terms import DESCRIPTION
    from tests.web.performing import actor

    me = actor(site, email="secret@mail.example", legal_name="Sekret Nahme")
    grant = me.consent(name='North & "light" <b>')
    browser = _stopping(site, me)
    assert "North &amp; &quot;light&quot; &lt;b&gt;" in browser.text and grant in browser.text
    for hidden in (
        DESCRIPTION[:40],
        "Ada Quill",
        "Sekret Nahme",
        "secret@mail.example",
        "computer copy",
        "lighthouse",
    ):
        assert hidden not in browser.text, hidden


def test_one_thing_is_paused_at_once_and_only_a_passkey_lifts_it(site: "Site") -> None:
    from consent.registry.models import GrantHold
    from tests.web.performing import actor

    me = actor(site)
    first, second = me.consent(), me.consent(name="Second Sound Ltd")
    browser = _stopping(site, me)
    browser.post({"do": "pause", "grant": first})
    assert browser.path == "/stop?told=paused" and "every check says no" in browser.text
    assert (_state(first), _state(second)) == ("suspended", "active")
    assert GrantHold.objects.get(grant=first).authority == "link"
    browser.post({"do": "pause", "grant": first})
    assert browser.path == "/stop?told=paused", "asked twice, answered the same"
    me.go_and_sign(first, "resume")
    assert _state(first) == "active"


def test_everything_is_paused_by_one_button(site: "Site") -> None:
    from tests.web.performing import actor

    me = actor(site)
    grants = [me.consent(), me.consent(name="Second Sound Ltd")]
    browser = _stopping(site, me)
    browser.post({"do": "pause-all"})
    assert [_state(grant) for grant in grants] == ["suspended"] * 2
    assert browser.text.count("paused by you") == 2 and "Pause everything" not in browser.text


def test_a_long_list_says_that_there_is_more(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.web.public import stop
    from tests.web.performing import actor

    me = actor(site)
    for name in ("One Ltd", "Two Ltd"):
        site.world.clock.forward(seconds=1)  # newest first
        me.consent(name=name)
    assert "more than fit here" not in _stopping(site, me).text
    monkeypatch.setattr(stop, "MAX_ROWS", 1)
    browser = _stopping(site, me)
    assert (
        "more than fit here" in browser.text and "Two Ltd" in browser.text and "One Ltd" not in browser.text
    )


def test_an_ending_is_begun_and_a_passkey_can_still_cancel_it(site: "Site") -> None:
    from consent.registry.models import PendingRevocation
    from tests.web.performing import actor

    me = actor(site)
    grant = me.consent()
    browser = _stopping(site, me)
    browser.post({"do": "end", "grant": grant})
    assert browser.path == "/stop?told=ending" and "ends for good 2 December 2026, 09:00 UTC" in browser.text
    pending = PendingRevocation.objects.get(grant=grant)
    assert (_state(grant), pending.closed_at) == ("suspended", None)
    browser.post({"do": "end", "grant": grant})
    assert browser.path == "/stop?told=unchanged"
    me.go_and_sign(grant, "cancel")
    pending.refresh_from_db()
    assert pending.closed_at is not None and _state(grant) == "suspended", "the pause stays"


def test_what_is_signed_and_not_active_yet_can_be_ended_too(site: "Site") -> None:
    from consent.registry.models import PendingRevocation
    from tests.registry import terms
    from tests.web.performing import actor

    me = actor(site)
    grant = me.consent(terms.terms(terms.ADULT))
    assert _state(grant) == "signed"
    browser = _stopping(site, me)
    assert 'value="pause"' not in browser.text and "Pause everything" not in browser.text
    browser.post({"do": "end", "grant": grant})
    assert browser.path == "/stop?told=ending" and PendingRevocation.objects.filter(grant=grant).exists()


def test_pausing_everything_does_not_hide_what_has_not_started(site: "Site") -> None:
    from tests.registry import terms
    from tests.web.performing import actor

    me = actor(site)
    me.consent()
    later = me.consent(terms.terms(terms.ADULT), name="Second GmbH")
    browser = _stopping(site, me)
    browser.post({"do": "pause-all"})
    assert browser.path == "/stop?told=paused" and "has not started yet" in browser.text
    assert _state(later) == "signed"
    browser.post({"do": "end", "grant": later}, to="/stop")
    assert browser.path == "/stop?told=ending" and "has not started yet" not in browser.text


def test_an_address_alone_says_of_nothing_that_it_was_stopped(site: "Site") -> None:
    from tests.web.performing import actor

    me = actor(site)
    grant = me.consent()
    browser = _stopping(site, me)
    for told in ("paused", "ending", "ended", "unchanged"):
        browser.get(f"/stop?told={told}")
        assert 'role="status"' not in browser.text and _state(grant) == "active"


def test_it_opens_no_other_page_and_signs_nothing(site: "Site") -> None:
    from tests.web.browserless import MAIN, SIGNING
    from tests.web.performing import actor

    me = actor(site)
    grant = me.consent()
    offer = me.request(me.organization())
    browser = _stopping(site, me)
    browser.post({"do": "pause", "grant": grant})
    reads = (
        "/home",
        "/keys",
        "/consents",
        f"/consents/{grant}",
        f"/consents/{grant}/text",
        f"/consents/{grant}/package",
    )
    for address in (*reads, f"/requests/{offer}", "/wait", "/keys/sheet", "/limits", "/me/export"):
        browser.get(MAIN + address)
        assert browser.path.startswith("/sign-in"), address
    browser.get(f"{MAIN}/stop")
    for address in (
        f"/consents/{grant}/sign/resume",
        f"/consents/{grant}/end",
        f"/requests/{offer}",
        f"/requests/{offer}/decline",
        "/keys/new",
        "/keys/sheet",
    ):
        browser.get(f"{MAIN}/stop")
        browser.post({"do": "sign", "lines": ["l1"]}, to=address)
        assert browser.path.startswith("/sign-in"), address
    for address in (f"/sign/{offer}", f"/resume/{grant}", "/keys/add", "/join/safe", "/recover-key"):
        browser.get(SIGNING + address)
        assert browser.status == 410, address
    assert _state(grant) == "suspended"


def test_nobody_stops_what_is_somebody_elses(site: "Site") -> None:
    from tests.web.performing import actor

    me, other = actor(site), actor(site)
    theirs = other.consent()
    browser = _stopping(site, me)
    assert theirs not in browser.text
    for deed in ("pause", "end"):
        browser.get("/stop")
        browser.post({"do": deed, "grant": theirs})
        assert browser.status == 404
    browser.get("/stop")
    browser.post({"do": "pause-all"})
    assert _state(theirs) == "active"


def test_fifteen_minutes_and_not_one_more(site: "Site") -> None:
    from consent.web.models import Session
    from tests.web.performing import actor

    me = actor(site)
    _stopping(site, me)
    session = Session.objects.get(
        subject=f"performer:{me.id}", origin="main", session_data__isnull=False, expire_date__lt=_in(16)
    )
    assert session.expire_date > _in(14)


def test_being_busy_makes_the_fifteen_minutes_no_longer(site: "Site") -> None:
    from tests.web.performing import actor

    browser = _stopping(site, actor(site))
    for _ in range(2):
        site.world.clock.forward(minutes=7)
        browser.get("/stop")
        assert browser.path == "/stop"
    site.world.clock.forward(minutes=1)
    browser.get("/stop")
    assert browser.path.startswith("/lost-key")


def _in(minutes: int) -> "datetime":
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(minutes=minutes)


def test_what_ended_meanwhile_is_said_once_it_is_enforced(site: "Site") -> None:
    from consent.registry.operations.end_on_session import revoke_on_session
    from tests.web.performing import actor

    me = actor(site)
    grant = me.consent()
    browser = _stopping(site, me)
    revoke_on_session(site.world.ports, livemode=True, performer=me.id, grant=grant)
    browser.post({"do": "pause", "grant": grant})
    assert browser.path == "/stop?told=ended" and "nothing to stop" in browser.text


@pytest.mark.parametrize("deed", ["", "sign", "resume", "lift"])
def test_an_unknown_deed_does_nothing(site: "Site", deed: str) -> None:
    from tests.web.performing import actor

    me = actor(site)
    grant = me.consent()
    browser = _stopping(site, me)
    browser.post({"do": deed, "grant": grant})
    assert browser.path == "/stop" and _state(grant) == "active"
