"""Companies with members who are signed in, for the tests of their pages. Imported only inside tests."""

from dataclasses import dataclass, replace
from typing import Any

from tests.registry.terms import terms as usual_terms
from tests.registry.world import Person, World
from tests.signing.software_authenticator import SoftwareAuthenticator
from tests.web.browserless import Browser, Site

CLASSES = {"live": True, "test": False}


@dataclass
class Company:
    """An organization with both sides open; `world` acts on its live side."""

    site: Site
    world: World
    id: str

    @classmethod
    def of(cls, site: Site, name: str = "Northlight Audio GmbH") -> "Company":
        """A new one."""
        from consent.registry.operations.create_organization import open_side

        world = replace(site.world, livemode=True)
        organization = world.organization(name)
        open_side(world.ports, livemode=False, organization=organization)
        return cls(site=site, world=world, id=organization)

    def member(self, role: str = "owner", *, name: str = "Kim Vale") -> str:
        """A member without a passkey."""
        from consent.registry.operations.members import add_member

        return add_member(
            self.world.ports,
            livemode=True,
            organization=self.id,
            email="kim@northlight.example",
            role=role,
            display_name=name,
        )

    def link(self, member: str) -> str:
        """The address of a link that lets this member in."""
        from consent.registry.operations.links import make_link

        return f"/m/{make_link(self.world.ports, kind='member', member=member)}"

    def enter(self, role: str = "owner", *, name: str = "Kim Vale") -> Browser:
        """A browser in which a new member of this role is signed in, as they come in by their link."""
        browser = self.site.browser(SoftwareAuthenticator())
        browser.get(self.link(self.member(role, name=name)))
        browser.use_passkey({"label": "work laptop"})
        assert browser.status == 200, browser.text
        return browser

    def side(self, name: str) -> World:
        """The world on one of its sides."""
        return replace(self.world, livemode=CLASSES[name])

    def consent(
        self, side: str = "live", terms: Any = None, *, person: Person | None = None
    ) -> tuple[Person, str]:
        """Somebody who signed, and the consent."""
        world = self.side(side)
        somebody = person or world.person()
        answer = world.grant(self.id, somebody, terms)
        assert answer.grant is not None
        return somebody, answer.grant

    def draft(self, side: str = "live", terms: Any = None, **options: Any) -> str:
        """A draft request."""
        from consent.registry.operations.draft_offer import draft_offer

        world = self.side(side)
        return draft_offer(
            world.ports,
            livemode=world.livemode,
            organization=self.id,
            terms=terms or usual_terms(),
            **options,
        )

    def key(self, side: str = "live", **options: Any) -> Any:
        """An API key; its secret stands in the result."""
        from consent.registry.operations.api_keys import create_api_key

        world = self.side(side)
        given = {"name": "cluster", "scopes": ["check", "receipts"], **options}
        return create_api_key(world.ports, livemode=world.livemode, organization=self.id, **given)
