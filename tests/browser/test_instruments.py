"""The browser tests' own instruments: each one tells a bad page from a good one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.authenticator import Authenticator
from tests.browser.elsewhere import Elsewhere
from tests.browser.inspecting import Findings, look, overflow, violations
from tests.browser.visitor import DESKTOP, PHONE, Visitor

GOOD = (
    "<meta name=viewport content='width=device-width,initial-scale=1'><main><h1>Good</h1><p>Words.</p></main>"
)
BAD = "<img src='data:,x'><a href='/good'></a><pre>" + "wide" * 200
PAGES = {
    "/good": GOOD,
    "/bad": BAD,
    "/foreign": GOOD + "<img alt='' src='http://localhost:1/x.png'>",
    "/inline": GOOD + "<p style='color:red'>red</p><script>document.title = 'run'</script>",
    "/stumbles": GOOD + "<script nonce=n>throw new Error('stumbled')</script>",
    "/heavy": GOOD + "<p hidden>" + "x" * 150_000,
}
CREATE = """async () => (await navigator.credentials.create({publicKey: {
  challenge: new Uint8Array(32), rp: {name: 'x'}, user: {id: new Uint8Array(16), name: 'x', displayName: 'x'},
  pubKeyCredParams: [{type: 'public-key', alg: -7}],
  authenticatorSelection: {residentKey: 'required', userVerification: 'required'},
}})).id"""
GET = """async () => (await navigator.credentials.get({publicKey: {
  challenge: new Uint8Array(32), userVerification: 'required'}})).id"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A small site with faults."""
    policy = "default-src 'none'; img-src * data:; script-src 'nonce-n'"
    with Elsewhere(PAGES, moved="/good", policy=policy) as server:
        yield server.origin


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[Visitor]:
    """Somebody on a phone."""
    made = Visitor(browser, origins={site})
    yield made
    made.leave()


def test_a_good_page_passes_every_instrument(visitor: Visitor, site: str, tmp_path) -> None:
    findings = Findings()
    visitor.go(f"{site}/good")
    look(visitor.page, "good", findings, folder=tmp_path)
    assert findings.faults == []
    assert visitor.guard.faults() == []
    assert len(list(tmp_path.glob("good-*.png"))) == 4
    assert visitor.page.viewport_size == {"width": PHONE[0], "height": PHONE[1]}


def test_a_bad_page_scrolls_sideways_and_breaks_rules(visitor: Visitor, site: str) -> None:
    visitor.go(f"{site}/bad")
    assert overflow(visitor.page, 360)
    found = " ".join(violations(visitor.page))
    for rule in ("image-alt", "link-name", "landmark-one-main"):
        assert rule in found


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/foreign", "request to another origin: http://localhost:1/x.png"),
        ("/inline", "Content Security Policy"),
        ("/stumbles", "stumbled"),
    ],
)
def test_the_guard_sees_what_a_page_must_not_do(visitor: Visitor, site: str, path: str, fault: str) -> None:
    visitor.go(site + path)
    assert fault in " ".join(visitor.guard.faults())
    visitor.guard.allow(".")
    assert visitor.guard.faults() == []


def test_screens_are_counted_without_redirects_and_repeats(visitor: Visitor, site: str) -> None:
    for path in ("/moved", "/good", "/heavy", "/good"):
        visitor.go(site + path)
    assert visitor.screens() == ["/good", "/heavy", "/good"]


def test_a_page_is_weighed_with_what_it_loads(visitor: Visitor, site: str) -> None:
    visitor.go(f"{site}/heavy")
    assert visitor.bytes_of_page() > 150_000
    visitor.go(f"{site}/good")
    assert 200 < visitor.bytes_of_page() < 2_000


def test_a_phone_holds_passkeys_and_a_second_key_beside_it(visitor: Visitor, site: str) -> None:
    visitor.go(f"{site}/good")
    first = visitor.page.evaluate(CREATE)
    assert visitor.page.evaluate(GET) == first
    visitor.key.answers(False)
    ring = Authenticator(visitor.page, transport="usb")
    second = visitor.page.evaluate(CREATE)
    assert [len(visitor.key.credentials()), len(ring.credentials())] == [1, 1]
    assert visitor.page.evaluate(GET) == second
    visitor.key.answers(True)
    ring.unplug()
    assert visitor.page.evaluate(GET) == first


def test_a_wrong_finger_and_a_phone_without_screen_lock_are_told_apart(browser: Browser, site: str) -> None:
    known = "() => PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()"
    locked = Visitor(browser, origins={site}, size=DESKTOP)
    unlocked = Visitor(browser, origins={site}, screen_lock=False)
    for visitor in (locked, unlocked):
        visitor.go(f"{site}/good")
    assert locked.page.evaluate(known) is True
    assert unlocked.page.evaluate(known) is False
    locked.key.verifies(False)
    refused = locked.page.evaluate(f"() => ({CREATE})().catch(error => error.name)")
    assert refused == "NotAllowedError"
    for visitor in (locked, unlocked):
        visitor.leave()
