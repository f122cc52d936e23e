"""Sessions, hosts and hand-offs: nothing of one origin counts on the other, and a ticket works once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site

MAIN, SIGNING = "https://registry.example", "https://sign.registry.example"


def _views(ports: Any) -> list[Any]:
    from django.http import HttpResponse
    from django.urls import path

    from consent.web.handoffs import current_task, to_main, to_signing
    from consent.web.origins import Place
    from consent.web.page import open_page, performer_page
    from consent.web.public.come_back import come_back
    from consent.web.signing.hand_off import arrive
    from consent.web.who import sign_in_performer

    def start(page: Any) -> HttpResponse:
        if page.posted:
            return to_signing(page, "sign", subject="off_1", lines=["l1"])
        return page.render("public/form_expired.html", form=True)

    def enter(page: Any, performer: str, credential: str) -> HttpResponse:
        from uuid import UUID

        sign_in_performer(
            page.session, performer=UUID(performer), livemode=True, credential=credential, at=page.now
        )
        return HttpResponse("in")

    def sign(page: Any, subject: str) -> HttpResponse:
        task = current_task(page, "sign", subject=subject)
        return HttpResponse(f"{task.content['lines']} {page.who is not None}")

    def back(page: Any) -> HttpResponse:
        return to_main(page, "/mine", signs_in=dict(page.session["who"]))

    def mine(page: Any, me: Any) -> HttpResponse:
        return HttpResponse(f"mine {me.pending}")

    token = '<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="%s"></form>'

    def form(page: Any) -> HttpResponse:
        from django.middleware.csrf import get_token

        return HttpResponse(token % get_token(page.request))

    return [
        path("start", open_page(ports, start)),
        path("form", open_page(ports, form)),
        path("enter/<str:performer>/<str:credential>", open_page(ports, enter)),
        path("mine", performer_page(ports, mine)),
        path("h/<str:ticket>", open_page(ports, arrive, place=Place.SIGNING)),
        path("r/<str:ticket>", open_page(ports, come_back)),
        path("sign/<str:subject>", open_page(ports, sign, place=Place.SIGNING)),
        path("back", open_page(ports, back, place=Place.SIGNING)),
    ]


@pytest.fixture
def plain(web_log_ports: Any) -> "Iterator[Site]":
    """A site of a few plain views."""
    from tests.web.browserless import serve

    with serve(web_log_ports, views=_views) as made:
        yield made


def _signed_in(plain: "Site", **person: Any) -> "Browser":
    made = plain.world.person(passkey=True, **person)
    browser = plain.browser()
    browser.get(f"{MAIN}/enter/{made.id}/{made.key.thumbprint}")
    assert browser.status == 200
    return browser


def _ticket(browser: "Browser") -> str:
    """A ticket to the signing origin that nobody took yet."""
    browser.get(f"{MAIN}/form")
    answer = browser.post(to="/start", follow=False)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_a_ticket_brings_person_and_task_to_the_signing_origin(plain: "Site") -> None:
    browser = _signed_in(plain)
    browser.get(_ticket(browser), site="same-site")
    assert (browser.status, browser.text) == (200, "['l1'] True")
    assert browser.path == "/sign/off_1"


def test_the_cookies_have_a_name_for_each_origin_and_are_for_servers_only(plain: "Site") -> None:
    browser = _signed_in(plain)
    browser.get(_ticket(browser), site="same-site")
    assert list(browser.cookies(MAIN)) == ["__Host-consent_session"]
    assert list(browser.cookies(SIGNING)) == ["__Host-consent_signing"]
    cookie = browser._client(MAIN).cookies["__Host-consent_session"]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"


@pytest.mark.parametrize("site", ["cross-site", "none"])
def test_a_ticket_from_another_site_or_a_mail_is_refused_and_used_up(plain: "Site", site: str) -> None:
    browser = _signed_in(plain)
    ticket = _ticket(browser)
    browser.get(ticket, site=site)
    assert browser.status == 410
    browser.get(ticket, site="same-site")
    assert browser.status == 410


def test_a_ticket_works_once(plain: "Site") -> None:
    browser = _signed_in(plain)
    ticket = _ticket(browser)
    browser.get(ticket, site="same-site")
    again = plain.browser()
    again.get(ticket, site="same-site")
    assert again.status == 410


def test_a_ticket_works_for_a_minute(plain: "Site") -> None:
    from datetime import timedelta

    from consent.web.models import HandOff

    browser = _signed_in(plain)
    ticket = _ticket(browser)
    for row in HandOff.objects.all():
        HandOff.objects.filter(digest=row.digest).update(expires_at=row.expires_at - timedelta(seconds=61))
    browser.get(ticket, site="same-site")
    assert browser.status == 410


def test_a_ticket_ends_with_the_session_that_asked_for_it(plain: "Site") -> None:
    from consent.web.sessions import end_sessions
    from consent.web.who import performer_subject

    person = plain.world.person(passkey=True)
    browser = plain.browser()
    browser.get(f"{MAIN}/enter/{person.id}/{person.key.thumbprint}")
    ticket = _ticket(browser)
    assert end_sessions(performer_subject(person.id)) == 1
    browser.get(ticket, site="same-site")
    assert browser.status == 410


def test_a_ticket_is_for_one_task_and_one_subject(plain: "Site") -> None:
    browser = _signed_in(plain)
    browser.get(_ticket(browser), site="same-site")
    browser.get("/sign/off_2")
    assert browser.status == 410


def test_coming_back_signs_in_with_a_new_session(plain: "Site") -> None:
    browser = _signed_in(plain)
    before = browser.cookies(MAIN)
    browser.get(_ticket(browser), site="same-site")
    browser.get("/back", site="same-origin")
    assert (browser.status, browser.text) == (200, "mine False")
    assert browser.cookies(MAIN) != before


def test_a_session_of_one_origin_is_none_on_the_other(plain: "Site") -> None:
    browser = _signed_in(plain)
    stolen = browser.cookies(MAIN)["__Host-consent_session"]
    browser._client(SIGNING).cookies["__Host-consent_signing"] = stolen
    browser.get(f"{SIGNING}/sign/off_1")
    assert browser.status == 410


def test_pages_of_one_origin_are_not_served_on_the_other(plain: "Site") -> None:
    browser = plain.browser()
    assert browser.get(f"{SIGNING}/form").status_code == 404
    assert browser.get(f"{MAIN}/sign/off_1").status_code == 404


def test_another_host_is_sent_to_the_right_one_and_never_served(plain: "Site") -> None:
    browser = plain.browser()
    answer = browser.get("https://evil.example/form", follow=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{MAIN}/form")
    from django.test import Client

    posted = Client().post("/start", headers={"host": "evil.example"}, secure=True)
    assert posted.status_code == 421


def test_a_form_needs_its_token_and_its_own_origin(plain: "Site") -> None:
    browser = _signed_in(plain)
    browser.get(f"{MAIN}/form")
    assert browser.post(to="/start", token=False, follow=False).status_code == 403
    browser.get(f"{MAIN}/form")
    assert browser.post(to="/start", follow=False, origin=SIGNING).status_code == 403
    browser.get(f"{MAIN}/form")
    assert browser.post(to="/start", follow=False, origin="https://evil.example").status_code == 403


def test_the_database_knows_no_cookie(plain: "Site") -> None:
    from consent.web.models import Session

    browser = _signed_in(plain)
    cookie = browser.cookies(MAIN)["__Host-consent_session"]
    assert not Session.objects.filter(session_key=cookie).exists()
    from consent.web.sessions import key_digest

    assert Session.objects.filter(session_key=key_digest(cookie)).exists()


def test_somebody_idle_for_two_hours_signs_in_again(plain: "Site") -> None:
    browser = _signed_in(plain)
    plain.world.clock.forward(hours=1, minutes=59)
    assert browser.get("/mine").status_code == 200
    plain.world.clock.forward(hours=1, minutes=59)
    assert browser.get("/mine").status_code == 200
    plain.world.clock.forward(hours=2, minutes=1)
    assert browser.get("/mine", follow=False).headers["Location"] == "/sign-in?next=/mine"


def test_a_key_that_is_switched_off_ends_its_session(plain: "Site") -> None:
    from consent.registry.operations.add_credential import block_credential

    person = plain.world.person(passkey=True)
    browser = plain.browser()
    browser.get(f"{MAIN}/enter/{person.id}/{person.key.thumbprint}")
    assert browser.get("/mine").status_code == 200
    block_credential(
        plain.ports.registry,
        livemode=True,
        performer=person.id,
        thumbprint=person.key.thumbprint,
        authority="session",
    )
    assert browser.get("/mine", follow=False).status_code == 303


def test_a_key_that_waits_for_its_check_sees_only_what_waits(plain: "Site") -> None:
    browser = _signed_in(plain, verified=False)
    assert browser.get("/mine", follow=False).headers["Location"] == "/wait"


def test_every_page_says_what_browsers_may_do(plain: "Site") -> None:
    policy = plain.browser().get(f"{MAIN}/start").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy
    assert f"form-action 'self' {SIGNING}" in policy and "frame-ancestors 'none'" in policy
