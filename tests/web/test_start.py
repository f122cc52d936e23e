"""The first page, and the two ways out."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_the_first_page_has_a_way_in_for_everybody(site: "Site") -> None:
    from tests.web.browserless import MAIN

    browser = site.browser()
    browser.get(f"{MAIN}/")
    assert browser.status == 200 and not browser.cookies(MAIN), "reading leaves nothing behind"
    for address in ("/sign-in", "/lost-key", "/docs/start", "/docs/cli", "/docs/promises"):
        assert f'href="{address}"' in browser.text, address


def test_whoever_is_signed_in_finds_the_way_home(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.newcomers import joined
    from tests.web.performing import actor

    me = actor(site)
    me.browser.get(f"{MAIN}/")
    assert 'class="btn" href="/home"' in me.browser.text
    assert 'href="/sign-in?anew"' in me.browser.text
    me.browser.get("/sign-in?anew")
    assert me.browser.path == "/sign-in?anew" and me.browser.options()
    waiting = joined(site)
    waiting.get("/")
    assert 'class="btn" href="/wait"' in waiting.text and 'href="/home"' not in waiting.text


@pytest.mark.parametrize("way", ["/sign-out", "/leave"])
def test_leaving_ends_the_session_on_both_origins(site: "Site", way: str) -> None:
    from consent.web.models import Session
    from tests.web.browserless import MAIN, SIGNING
    from tests.web.performing import actor

    me = actor(site)
    offer = me.request(me.organization())
    me.choose(offer, "l1")
    assert me.browser.path == f"/sign/{offer}"
    me.browser.get(f"{MAIN}/home")
    if way == "/leave":
        me.browser.get(way, follow=False)
    else:
        me.browser.post(to=way, follow=False)
    assert me.browser.status == 303
    assert not Session.objects.filter(subject=f"performer:{me.id}").exists()
    assert not me.browser.cookies(MAIN)
    me.browser.get(f"{SIGNING}/sign/{offer}")
    assert me.browser.status == 410
    me.browser.get(f"{MAIN}/home")
    assert me.browser.path == "/sign-in?next=/home"


def test_nobody_is_signed_out_by_a_form_from_elsewhere(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    me.browser.get(f"{MAIN}/home")
    me.browser.post(to="/sign-out", token=False, origin="https://evil.example", site="cross-site")
    assert me.browser.status == 403
    me.browser.get(f"{MAIN}/home")
    assert me.browser.path == "/home"


def test_every_page_of_the_doors_belongs_to_one_origin(site: "Site") -> None:
    from tests.web.browserless import MAIN, SIGNING

    browser = site.browser()
    for address in ("/", "/sign-in", "/lost-key", "/recover", "/keys", "/wait", "/stop"):
        browser.get(SIGNING + address, follow=False)
        assert browser.status == 404, address
    for address in ("/join", "/join/safe", "/recover-key", "/keys/add"):
        browser.get(MAIN + address, follow=False)
        assert browser.status == 404, address
        browser.get(SIGNING + address, follow=False)
        assert browser.status == 410, "nobody gets there without a task"
