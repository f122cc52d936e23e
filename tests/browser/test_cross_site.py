"""Other sites, other origins, other sessions: what they send or show of ours does nothing."""

import urllib.error
import urllib.request
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.browser.conftest import Visit
from tests.browser.elsewhere import Elsewhere
from tests.browser.people import Person, arrive, do, sign_in, take_up
from tests.browser.place import Place
from tests.browser.visitor import Visitor


@pytest.fixture
def visitor(visit: Visit, place: Place, performer: Person) -> Visitor:
    """The performer, signed in on their phone."""
    made = visit()
    made.guard.allow("status of 4(03|09|10|21|22)")
    sign_in(made, place, performer)
    return made


@pytest.fixture
def offer(visitor: Visitor, place: Place) -> str:
    """A request that the performer is reading."""
    return take_up(visitor, place, place.invite()[1])


def ticket(visitor: Visitor, place: Place, offer: str) -> str:
    """The address of a fresh hand-off to the signing origin, which nobody has followed yet."""
    visitor.go(f"{place.main}/requests/{offer}")
    token = visitor.page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    moved = visitor.context.request.post(
        f"{place.main}/requests/{offer}",
        form={"csrfmiddlewaretoken": token, "lines": "l1", "do": "sign"},
        headers={"Origin": place.main},
        max_redirects=0,
    )
    assert moved.status == 303
    there = moved.headers["location"]
    assert there.startswith(f"{place.signing}/h/")
    return there


@pytest.mark.parametrize("foreign", [False, True], ids=["another port", "another site"])
def test_a_form_of_another_site_changes_nothing(
    visitor: Visitor, place: Place, offer: str, foreign: bool
) -> None:
    form = f"<form method=post action='{place.main}/requests/{offer}/decline'><button>Win</button></form>"
    with Elsewhere({"/": form}) as site:
        origin = site.foreign_origin if foreign else site.origin
        visitor.guard.allow(origin)
        visitor.go(origin)
        visitor.click("Win")
        visitor.page.wait_for_load_state("load")
    assert place.ask(f"/v1/offers/{offer}")["state"] == "viewed"


def test_a_form_without_its_token_or_with_another_origin_is_refused(
    visitor: Visitor, place: Place, offer: str
) -> None:
    there = f"{place.main}/requests/{offer}/decline"
    visitor.go(there)
    token = visitor.page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    post = visitor.context.request.post
    for form, origin in (
        ({}, place.main),
        ({"csrfmiddlewaretoken": "x" * 64}, place.main),
        ({"csrfmiddlewaretoken": token}, "http://localhost:1"),
        ({"csrfmiddlewaretoken": token}, "null"),
    ):
        assert post(there, form=form, headers={"Origin": origin}, max_redirects=0).status == 403
    assert place.ask(f"/v1/offers/{offer}")["state"] == "viewed"
    right = post(there, form={"csrfmiddlewaretoken": token}, headers={"Origin": place.main}, max_redirects=0)
    assert right.status == 303
    assert place.ask(f"/v1/offers/{offer}")["state"] == "declined"


def test_a_ticket_works_once(visitor: Visitor, place: Place, offer: str) -> None:
    there = ticket(visitor, place, offer)
    visitor.page.evaluate("there => { location.href = there }", there)
    arrive(visitor, f"/sign/{offer}")
    assert visitor.context.request.get(there, max_redirects=0).status == 410


def test_a_ticket_runs_out(visitor: Visitor, place: Place, offer: str) -> None:
    there = ticket(visitor, place, offer)
    with psycopg.connect(place.database_url()) as database:  # a minute later
        database.execute("UPDATE web_handoff SET expires_at = expires_at - interval '61 seconds'")
    assert visitor.context.request.get(there, max_redirects=0).status == 410


def test_a_ticket_ends_with_the_session_that_asked_for_it(visitor: Visitor, place: Place, offer: str) -> None:
    there = ticket(visitor, place, offer)
    visitor.go(f"{place.main}/leave")
    assert visitor.context.request.get(there, max_redirects=0).status == 410


def test_a_ticket_that_comes_from_another_site_is_refused_and_used_up(
    visitor: Visitor, place: Place, offer: str
) -> None:
    there = ticket(visitor, place, offer)
    with Elsewhere({"/": f"<a href='{there}'>Win</a>"}) as site:
        visitor.guard.allow(site.foreign_origin)
        visitor.go(site.foreign_origin)
        visitor.click("Win")
        visitor.page.wait_for_load_state("load")
    assert visitor.page.locator("form[data-passkey]").count() == 0
    assert visitor.context.request.get(there, max_redirects=0).status == 410


def test_a_ticket_pasted_into_the_address_bar_is_refused(visitor: Visitor, place: Place, offer: str) -> None:
    visitor.go(ticket(visitor, place, offer))
    assert visitor.page.locator("form[data-passkey]").count() == 0


def test_nobody_frames_a_page(visitor: Visitor, place: Place, offer: str) -> None:
    do(visitor, "sign")
    arrive(visitor, f"/sign/{offer}")
    pages = (f"{place.main}/home", f"{place.main}/sign-in", visitor.page.url)
    frames = "".join(f"<iframe src='{each}'></iframe>" for each in pages)
    visitor.guard.allow("frame-ancestors|Framing|X-Frame-Options|chrome-error")
    with Elsewhere({"/": frames}) as site:
        visitor.guard.allow(site.origin)
        visitor.go(site.origin)
        visitor.page.wait_for_timeout(500)
        inside = [frame for frame in visitor.page.frames if frame.parent_frame is not None]
        assert len(inside) == len(pages)
        assert all(
            "main" not in frame.content() for frame in inside if not frame.url.startswith("chrome-error")
        )


def test_the_cookie_of_one_origin_opens_nothing_on_the_other(
    visitor: Visitor, place: Place, offer: str
) -> None:
    do(visitor, "sign")
    arrive(visitor, f"/sign/{offer}")
    values = {each["name"]: each["value"] for each in visitor.cookies()}
    assert set(values) == {"consent_session", "consent_signing"}
    home, signing = f"{place.main}/home", f"{place.signing}/sign/{offer}"
    assert _path(home, f"consent_session={values['consent_session']}") == "/home"
    assert _path(home, f"consent_session={values['consent_signing']}") == "/sign-in"
    assert _path(home, f"consent_signing={values['consent_signing']}") == "/sign-in"
    assert _path(signing, f"consent_signing={values['consent_signing']}") == f"/sign/{offer}"
    for cookie in ("consent_signing={consent_session}", "consent_session={consent_session}"):
        assert _path(signing, cookie.format(**values)) == "refused"


def test_cookies_cannot_be_read_by_scripts_and_stay_with_us(visitor: Visitor, offer: str) -> None:
    do(visitor, "sign")
    arrive(visitor, f"/sign/{offer}")
    assert {(each["httpOnly"], each["sameSite"]) for each in visitor.cookies()} == {(True, "Lax")}
    assert visitor.page.evaluate("document.cookie") == ""


def _path(url: str, cookie: str) -> str:
    """Where somebody with this cookie ends up."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers={"Cookie": cookie}), timeout=30
        ) as told:
            return urlsplit(told.url).path
    except urllib.error.HTTPError as refused:
        with refused:
            assert 400 <= refused.code < 500
            return "refused"
