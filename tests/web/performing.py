"""Performers in a browser without a screen: enrolled with a passkey, examined, signed in, with requests to answer.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID

from consent.registry.operations.draft_offer import draft_offer
from consent.registry.operations.references import introduce_performer
from consent.registry.operations.send_offer import send_offer
from consent.web.origins import Place
from consent.web.sessions import SessionStore
from consent.web.who import sign_in_performer
from tests.registry.newcomer import Device, enrol
from tests.registry.terms import terms as usual_terms
from tests.web.browserless import MAIN, Browser, Site


@dataclass
class Actor:
    """A performer with a browser that is signed in."""

    site: Site
    id: UUID
    thumbprint: str
    device: Device
    browser: Browser

    @property
    def key(self) -> Any:
        """Their passkey, as the world signs with it."""
        return self.device.key

    def organization(self, name: str = "Northlight Audio GmbH") -> str:
        """A company that may ask."""
        return self.site.world.organization(name)

    def request(self, organization: str, terms: Mapping[str, Any] | None = None) -> str:
        """A request of a company, not read yet."""
        world = self.site.world
        reference = introduce_performer(
            world.ports, livemode=world.livemode, performer=self.id, organization=organization
        )
        offer = draft_offer(
            world.ports,
            livemode=world.livemode,
            organization=organization,
            terms=terms or usual_terms(),
            performer=reference,
        )
        send_offer(world.ports, livemode=world.livemode, organization=organization, offer=offer)
        return offer

    def choose(self, offer: str, *lines: str, do: str = "sign", **fields: str) -> Browser:
        """Read the request, switch these on, and go on."""
        self.browser.get(f"{MAIN}/requests/{offer}")
        self.browser.post({"lines": list(lines), "do": do, **fields})
        return self.browser

    def sign(self, offer: str, *lines: str) -> str:
        """The whole way to a consent; its id."""
        self.choose(offer, *(lines or ("l1", "l2")))
        self.browser.use_passkey()
        found = re.fullmatch(r"/consents/(grt_[a-z2-7]+)\?signed", self.browser.path)
        assert found is not None, (self.browser.path, words(self.browser.text))
        return found[1]

    def consent(self, terms: Mapping[str, Any] | None = None, *, name: str = "Northlight Audio GmbH") -> str:
        """A signed consent."""
        offered = terms or usual_terms()
        return self.sign(
            self.request(self.organization(name), offered), *(line["id"] for line in offered["lines"])
        )

    def go_and_sign(self, grant: str, task: str, **answer: Any) -> Browser:
        """Take a step about a consent that needs the passkey."""
        self.browser.get(f"{MAIN}/consents/{grant}")
        self.browser.post(to=f"/consents/{grant}/sign/{task}")
        self.browser.use_passkey(**answer)
        return self.browser


def actor(site: Site, *, verified: bool = True, **about: Any) -> Actor:
    """Somebody new, examined unless `verified` is false, signed in on the main origin."""
    device = Device()
    enrolled = enrol(site.world, device, **about)
    if verified:
        site.world.verify(enrolled.performer)
    made = Actor(
        site=site,
        id=enrolled.performer,
        thumbprint=enrolled.thumbprint,
        device=device,
        browser=site.browser(device.passkey),
    )
    enter(made)
    return made


def enter(somebody: Actor) -> None:
    """A session as signing in makes it."""
    session = SessionStore(place=Place.MAIN)
    sign_in_performer(
        session,
        performer=somebody.id,
        livemode=somebody.site.world.livemode,
        credential=somebody.thumbprint,
        at=somebody.site.world.clock(),
    )
    session.save()
    somebody.browser.place = MAIN
    somebody.browser._client(MAIN).cookies["__Host-consent_session"] = str(session.session_key)


def words(html: str) -> str:
    """What a page says, without its markup."""
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(text)).strip()
