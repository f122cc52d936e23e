"""A page of an organization, on its live or its test side.

The address says which side; whose page it is comes from the session alone. Nothing of one side is read or
changed from a page of the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import NotFound
from consent.registry.models import Organization, OrganizationSide
from consent.registry.ports import RegistryPorts
from consent.web.organization import roles as parts
from consent.web.organization.roles import may
from consent.web.page import DjangoView, Page, member_page
from consent.web.ports import WebPorts
from consent.web.who import SignedInMember

SIDES: Final = {"live": True, "test": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class SidePage:
    """A request for a page of one side: `page` is the request, `member` who asks."""

    page: Page
    member: SignedInMember
    company: Organization
    livemode: bool
    open_sides: tuple[str, ...]

    @property
    def ports(self) -> RegistryPorts:
        """The registry."""
        return self.page.ports.registry

    @property
    def organization(self) -> str:
        """Whose page it is."""
        return self.member.organization

    @property
    def own(self) -> dict[str, Any]:
        """What every operation and every row of this page is bound to."""
        return {"organization": self.organization, "livemode": self.livemode}

    @property
    def acting(self) -> dict[str, Any]:
        """The same, for what the history tells of: with the member whose act it is."""
        return {**self.own, "actor": self.member.member}

    @property
    def rows(self) -> dict[str, Any]:
        """The same, as a filter of rows."""
        return {"organization_id": self.organization, "livemode": self.livemode}

    def address(self, path: str = "") -> str:
        """A path of this side."""
        return f"/org/{'live' if self.livemode else 'test'}{path}"

    def to(self, path: str) -> HttpResponse:
        """Go on at a path of this side."""
        return self.page.to(self.address(path))

    def render(self, template: str, *, here: str = "", status: int = 200, **values: Any) -> HttpResponse:
        """Fill a template of `pages/organization`; `here` is the part of the menu that it belongs to."""
        return self.page.render(
            f"organization/{template}",
            status=status,
            **{
                "company": self.company,
                "livemode": self.livemode,
                "at": self.address(),
                "menu": self._menu(),
                "here": here,
                "other_side": self._other_side(),
                **values,
            },
        )

    def _menu(self) -> list[tuple[str, str, str]]:
        """The parts that this member's role includes: name, address, words."""
        return [
            (name, self.address(path), words)
            for name, path, words, roles in (
                ("home", "", _("Home"), parts.CONSENTS),
                ("offers", "/offers", _("Requests"), parts.OFFERS),
                ("consents", "/consents", _("Consents"), parts.CONSENTS),
                ("keys", "/keys", _("API keys"), parts.KEYS),
                ("console", "/console", _("Console"), parts.CONSOLE),
                ("members", "/members", _("Members"), parts.OWNERS),
                ("audit", "/audit", _("History"), parts.OWNERS),
            )
            if may(self.member.role, roles)
        ]

    def _other_side(self) -> tuple[str, str] | None:
        """Address and words of the way to the other side, where it is open."""
        other = "test" if self.livemode else "live"
        if other not in self.open_sides:
            return None
        return f"/org/{other}", _("Live side") if other == "live" else _("Test side")


def open_sides(organization: str) -> tuple[str, ...]:
    """The sides that an organization has, live first."""
    found = set(
        OrganizationSide.objects.filter(organization_id=organization).values_list("livemode", flat=True)
    )
    return tuple(name for name, livemode in SIDES.items() if livemode in found)


def side_page(
    ports: WebPorts, view: Callable[..., HttpResponse], *, roles: tuple[str, ...] = parts.CONSENTS
) -> DjangoView:
    """A page of one side for members of these roles, and for owners: `view(at, **captured)`."""

    @wraps(view)
    def at_side(page: Page, who: SignedInMember, *, side: str, **captured: Any) -> HttpResponse:
        sides = open_sides(who.organization)
        if side not in sides:
            raise NotFound("no such side")
        return view(
            SidePage(
                page=page,
                member=who,
                company=Organization.objects.get(id=who.organization),
                livemode=SIDES[side],
                open_sides=sides,
            ),
            **captured,
        )

    return member_page(ports, at_side, roles=roles)
