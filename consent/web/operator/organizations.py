"""Organizations: let one in, open its other side, and let its people in."""

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.ids import is_id
from consent.registry.errors import Invalid, NotFound, RegistryError
from consent.registry.models import AccountPasskey, Member, Organization, OrganizationSide
from consent.registry.models.organization import ROLES
from consent.registry.operations.create_organization import create_organization, open_side
from consent.registry.operations.members import add_member
from consent.registry.operations.renew_member_link import renew_member_link
from consent.web.operator.queue import page_start
from consent.web.page import Page
from consent.web.who import SignedInOperator

PAGE = 50
_DETAILS = ("legal_name", "country", "contact")
_MEMBER = ("display_name", "email", "role")


def organizations(page: Page, who: SignedInOperator) -> HttpResponse:
    """The list, newest first, and a form for one more."""
    if not page.posted:
        return _list(page)
    sent = {name: page.field(name) for name in (*_DETAILS, "side")}
    try:
        made = create_organization(
            page.ports.registry,
            livemode=_livemode(sent["side"]),
            legal_name=sent["legal_name"],
            country=sent["country"].upper(),
            contact=sent["contact"],
            actor=who.operator,
        )
    except Invalid as exc:
        return _list(page, sent=sent, faults=_faults(exc))
    return page.to(f"/operator/organizations/{made.organization}")


def organization(page: Page, who: SignedInOperator, *, organization: str) -> HttpResponse:
    """One organization: its sides and its people."""
    row = Organization.objects.filter(id=organization).first()
    if row is None:
        raise NotFound("no such organization")
    if not page.posted:
        return _show(page, row)
    try:
        token = _act(page, who, row)
    except Invalid as exc:
        sent = {name: page.field(name) for name in _MEMBER}
        return _show(page, row, sent=sent, faults=_faults(exc))
    if token is None:
        return page.to(f"/operator/organizations/{row.id}")
    # Shown in the answer itself and stored nowhere: reloading does not bring it back.
    return _show(page, row, link=f"{page.ports.origins.main}/m/{token}")


def _act(page: Page, who: SignedInOperator, row: Organization) -> str | None:
    """Do what the button says; a token if somebody got a link."""
    ports = page.ports.registry
    side = OrganizationSide.objects.filter(organization=row).order_by("livemode").first()
    livemode = side is not None and side.livemode
    match page.field("do", max_chars=16):
        case "invite":
            member = add_member(
                ports,
                livemode=livemode,
                organization=row.id,
                email=page.field("email"),
                role=page.field("role"),
                display_name=page.field("display_name"),
                actor=who.operator,
            )
            return renew_member_link(
                ports, livemode=livemode, organization=row.id, member=member, actor=who.operator
            )
        case "link":
            member = page.field("member", max_chars=64)
            if not is_id(member, "mem"):
                raise NotFound("no such member")
            return renew_member_link(
                ports, livemode=livemode, organization=row.id, member=member, actor=who.operator
            )
        case "open":
            open_side(ports, livemode=_livemode(page.field("side")), organization=row.id, actor=who.operator)
    return None


def _list(
    page: Page, *, sent: dict[str, str] | None = None, faults: dict[str, str] | None = None
) -> HttpResponse:
    start = page_start(page)
    rows = list(Organization.objects.order_by("-created_at", "id")[start : start + PAGE + 1])
    standing = Member.objects.filter(organization__in=rows, removed_at=None).values("organization_id")
    people = dict(standing.annotate(people=Count("id")).values_list("organization_id", "people"))
    sides: dict[str, list[bool]] = {}
    for name, livemode in OrganizationSide.objects.filter(organization__in=rows).values_list(
        "organization_id", "livemode"
    ):
        sides.setdefault(name, []).append(livemode)
    address = "/operator/organizations?from="
    return page.render(
        "operator/organizations.html",
        status=422 if faults else 200,
        here="organizations",
        rows=[(row, sides.get(row.id, []), people.get(row.id, 0)) for row in rows[:PAGE]],
        newer=f"{address}{max(0, start - PAGE)}" if start else "",
        older=f"{address}{start + PAGE}" if len(rows) > PAGE else "",
        sent=sent or {"side": "test"},
        faults=faults or {},
        sides=[("test", _("Test side")), ("live", _("Live side: real people"))],
    )


def _show(page: Page, row: Organization, **values: Any) -> HttpResponse:
    members = list(Member.objects.filter(organization=row, removed_at=None).order_by("created_at", "id"))
    arrived = set(
        AccountPasskey.objects.filter(member__in=members, blocked_at=None).values_list("member_id", flat=True)
    )
    sides = set(OrganizationSide.objects.filter(organization=row).values_list("livemode", flat=True))
    return page.render(
        "operator/organization.html",
        status=422 if values.get("faults") else 200,
        here="organizations",
        trail=[("/operator/organizations", _("Organizations"))],
        row=row,
        members=[(each, _role(each.role)[0], each.id in arrived) for each in members],
        sides=sides,
        may_open=[
            (name, words)
            for name, words in (("test", _("Open the test side")), ("live", _("Open the live side")))
            if _livemode(name) not in sides and not (name == "live" and row.id.startswith("org_test_"))
        ],
        roles=[(role, ": ".join(_role(role))) for role in ROLES],
        **{"sent": {"role": "owner"}, "faults": {}, "link": "", **values},
    )


def _role(role: str) -> tuple[str, str]:
    """A role's name, and what it may do."""
    return {
        "owner": (_("Owner"), _("everything")),
        "developer": (_("Developer"), _("keys, console, consents")),
        "producer": (_("Producer"), _("requests, consents")),
        "desk": (_("Desk"), _("consents only")),
    }[role]


def _livemode(side: str) -> bool:
    if side not in ("live", "test"):
        raise Invalid(pointer="/side", rule="known", expected="live or test", got="another word")
    return side == "live"


def _faults(exc: RegistryError) -> dict[str, str]:
    """Words for a field, by the member that was refused."""
    name = exc.pointer.removeprefix("/")
    words = {
        "country": _("Write the two letters of the country, such as DE."),
        "email": _("Write an e-mail address."),
        "role": _("Choose a role."),
        "side": _("Choose a side."),
    }
    return {name: words.get(name, _("Write one line, without special characters."))}
