"""One browser, two people: an operator who performs, and a newcomer who tries both."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site

MAIN = "https://registry.example"


def both(site: "Site") -> "tuple[str, Browser]":
    """A performer who then follows an operator's link in the same browser."""
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.operators import invite
    from tests.web.performing import actor

    me = actor(site)
    offer = me.request(me.organization())
    me.browser.get(f"{MAIN}/requests/{offer}")
    performs, me.browser.passkey = me.browser.passkey, SoftwareAuthenticator()
    me.browser.get(f"{MAIN}/o/{invite(site)[1]}")
    me.browser.use_passkey({"name": "Olga Operator"})
    assert me.browser.path == "/operator/identity"
    me.browser.passkey = performs
    return offer, me.browser


def where(browser: "Browser", path: str) -> str:
    """Where asking for a page leads."""
    browser.get(f"{MAIN}{path}")
    return browser.path


def test_becoming_an_operator_leaves_the_performer_signed_in(site: "Site") -> None:
    offer, browser = both(site)
    assert where(browser, "/home") == "/home"
    assert where(browser, "/operator/identity") == "/operator/identity"
    browser.get(f"{MAIN}/requests/{offer}")
    browser.post({"lines": ["l1"], "do": "sign"})
    assert browser.path == f"/sign/{offer}"
    browser.use_passkey()
    assert browser.path.startswith("/consents/grt_")


def test_pages_of_each_show_the_other_nothing(site: "Site") -> None:
    _, browser = both(site)
    assert where(browser, "/org") == "/operator/identity"  # nobody's member
    browser.get(f"{MAIN}/home")
    assert "Olga Operator" not in browser.text
    assert "/operator" not in browser.text


def test_signing_out_ends_both(site: "Site") -> None:
    from consent.web.models import Session

    _, browser = both(site)
    before = Session.objects.count()
    assert where(browser, "/leave")
    assert Session.objects.count() <= before - 2
    assert where(browser, "/home").startswith("/sign-in")
    assert where(browser, "/operator/identity").startswith("/sign-in")


def test_ending_the_performers_sessions_leaves_the_operator(site: "Site") -> None:
    from consent.web.models import Session
    from consent.web.sessions import end_sessions

    _, browser = both(site)
    subject = Session.objects.filter(subject__startswith="performer:").latest("expire_date").subject
    assert end_sessions(subject) >= 1
    assert where(browser, "/operator/identity") == "/operator/identity"
    assert where(browser, "/home") == "/operator/identity"  # a page of their own, and not the performer's


def test_coming_in_again_as_the_same_kind_replaces_the_one_before(site: "Site") -> None:
    from consent.web.models import Session
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.operators import invite

    _, browser = both(site)
    before = Session.objects.count()
    browser.passkey = SoftwareAuthenticator()
    browser.get(f"{MAIN}/o/{invite(site, 'Otto Operator')[1]}")
    browser.use_passkey({"name": "Otto Operator"})
    assert Session.objects.count() == before
    assert where(browser, "/home") == "/home"


def test_a_mailed_stop_link_leaves_nobody_else_signed_in(site: "Site") -> None:
    from consent.registry.operations.links import make_link
    from consent.web.models import Session

    _, browser = both(site)
    subject = Session.objects.filter(subject__startswith="performer:").latest("expire_date").subject
    token = make_link(site.ports.registry, kind="stop", performer=subject.partition(":")[2])
    browser.get(f"{MAIN}/stop/{token}")
    browser.post({})
    assert browser.path == "/stop"
    assert where(browser, "/home") != "/home"
    assert where(browser, "/operator/identity") != "/operator/identity"


def test_whoever_is_idle_beside_a_busy_one_is_signed_out(site: "Site") -> None:
    _, browser = both(site)
    assert where(browser, "/home") == "/home"
    for _ in range(3):
        site.world.clock.forward(minutes=50)
        assert where(browser, "/operator/identity") == "/operator/identity"
    assert where(browser, "/home") == "/operator/identity"


def test_both_stay_while_both_are_busy_and_neither_for_more_than_twelve_hours(site: "Site") -> None:
    _, browser = both(site)
    for _ in range(7):
        site.world.clock.forward(minutes=100)
        assert where(browser, "/home") == "/home"
        assert where(browser, "/operator/identity") == "/operator/identity"
    site.world.clock.forward(minutes=21)
    assert where(browser, "/home").startswith("/sign-in")
    assert where(browser, "/operator/identity").startswith("/sign-in")
