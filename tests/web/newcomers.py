"""People who come by an invitation and join, in a browser without a screen.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tests.signing.software_authenticator import SoftwareAuthenticator
from tests.web.browserless import MAIN, Browser, Site

ABOUT = {
    "stage_name": "Ada Quill",
    "legal_name": "Adelheid Querfurth",
    "birth_date": "1990-02-03",
    "email": "adelheid@mail.example",
    "label": "the blue one",
}


def invited(
    site: Site, terms: Mapping[str, Any] | None = None, *, name: str = "Northlight Audio GmbH"
) -> str:
    """The code of a new invitation."""
    world = site.world
    return world.invite(world.organization(name), terms)[1]


def at_join(site: Site, code: str, *lines: str) -> Browser:
    """A new browser that read the invitation, chose, and stands on the page that asks who they are."""
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"{MAIN}/i/{code}")
    browser.post({"do": "go", "lines": list(lines)})
    assert browser.path == "/join", (browser.path, browser.status)
    return browser


def join(site: Site, code: str, *lines: str, **about: str) -> Browser:
    """The whole way to the page behind joining."""
    browser = at_join(site, code, *lines)
    browser.use_passkey({**ABOUT, **about})
    assert browser.path == "/join/safe", (browser.path, browser.status, browser.text)
    return browser


def joined(site: Site, code: str | None = None, *lines: str, **about: str) -> Browser:
    """Somebody who joined and waits for the identity check, on the main origin."""
    browser = join(site, code or invited(site), *lines, **about)
    browser.post({"do": "go"})
    assert browser.path == "/wait", (browser.path, browser.status)
    return browser


def whose(browser: Browser) -> UUID:
    """The performer whose passkey this browser holds."""
    from consent.registry.operations.passkeys import find_passkey

    assert browser.passkey is not None
    found = find_passkey(browser.passkey.credential_id)
    assert found is not None
    return found.performer


def people() -> int:
    """How many performers there are at all."""
    from consent.registry.models import Performer

    return Performer.objects.count()
