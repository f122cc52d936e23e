"""Organizations, their members and their API keys, by the operator."""

import argparse
from collections.abc import Iterator
from functools import partial

from consent.registry.answers import enforced
from consent.registry.errors import Invalid, NotFound
from consent.registry.key_limits import UNLIMITED, KeyLimitsWanted
from consent.registry.models import ApiKey, Member, Organization, OrganizationSide
from consent.registry.operations.api_keys import (
    create_api_key,
    limits_of,
    revoke_api_key,
    set_key_limits,
)
from consent.registry.operations.create_organization import create_organization, open_side
from consent.registry.operations.links import LIVES
from consent.registry.operations.members import add_member
from consent.registry.operations.renew_member_link import renew_member_link
from consent.registry.ports import RegistryPorts
from consent.server.test_actors.seed import seed_actors

_CONTEXT = ("territory", "language", "purpose", "base_model")


def run(options: argparse.Namespace, ports: RegistryPorts) -> Iterator[str]:
    """Do it; the lines to print."""
    match options.verb:
        case "list":
            yield from _list()
        case "create":
            opened = create_organization(
                ports,
                livemode=options.side == "live",
                legal_name=options.legal_name,
                country=options.country,
                contact=options.contact,
            )
            yield from _opened(opened.organization, options, ports)
        case "open":
            open_side(ports, livemode=options.side == "live", organization=options.organization)
            yield from _opened(options.organization, options, ports)
        case "invite-member":
            yield from _invite(options, ports)
        case "members":
            yield from _members(options.organization)
        case "member-link":
            yield from _link(options.member, _organization_of(options.member), ports)
        case _:
            yield from _key(options, ports)


def _invite(options: argparse.Namespace, ports: RegistryPorts) -> Iterator[str]:
    member = add_member(
        ports,
        livemode=_side_of(options.organization),
        organization=options.organization,
        email=options.email,
        role=options.role,
        display_name=options.name,
    )
    yield from _link(member, options.organization, ports)


def _link(member: str, organization: str, ports: RegistryPorts) -> Iterator[str]:
    token = renew_member_link(
        ports, livemode=_side_of(organization), organization=organization, member=member
    )
    days = LIVES["member"].days
    yield f"{member}: whoever opens this link makes the passkey; it works once, for {days} days"
    yield f"{ports.origin}/m/{token}"


def _side_of(organization: str) -> bool:
    """What concerns both sides stands in the history of one that is open, live first."""
    sides = OrganizationSide.objects.filter(organization_id=organization).order_by("-livemode")
    livemode = sides.values_list("livemode", flat=True).first()
    if livemode is None:
        raise NotFound("no such organization")
    return livemode


def _organization_of(member: str) -> str:
    found = (
        Member.objects.filter(id=member, removed_at=None).values_list("organization_id", flat=True).first()
    )
    if found is None:
        raise NotFound("no such member")
    return found


def _members(organization: str) -> Iterator[str]:
    rows = Member.objects.filter(organization_id=organization, removed_at=None).order_by("created_at", "id")
    for row in rows:
        yield f"{row.id}  {row.role:<9}  {row.display_name}"


def _opened(organization: str, options: argparse.Namespace, ports: RegistryPorts) -> Iterator[str]:
    yield f"{organization}: the {options.side} side is open"
    if options.side == "test":
        seed_actors(ports, organization)
        yield "The invented performers are there: prf_test_allow and the others of /docs/start"


def _list() -> Iterator[str]:
    sides: dict[str, list[str]] = {}
    for organization, livemode in OrganizationSide.objects.values_list("organization_id", "livemode"):
        sides.setdefault(organization, []).append("live" if livemode else "test")
    for row in Organization.objects.order_by("created_at", "id"):
        yield f"{row.id}  {row.legal_name}, {row.country}  {' and '.join(sorted(sides.get(row.id, [])))}"


def _key(options: argparse.Namespace, ports: RegistryPorts) -> Iterator[str]:
    livemode = options.side == "live"
    match options.key_verb:
        case "create":
            context = {name: value for name in _CONTEXT if (value := getattr(options, name)) is not None}
            made = create_api_key(
                ports,
                livemode=livemode,
                organization=options.organization,
                name=options.name,
                scopes=options.scope or ("check", "receipts"),
                context=context,
                capabilities=options.capability,
                limits=_limits(options, UNLIMITED),
            )
            yield f"{made.id}: this is the only time that its secret is shown"
            yield made.secret
        case "limits":
            changed = set_key_limits(
                ports,
                livemode=livemode,
                organization=options.organization,
                key=options.key,
                change=partial(_limits, options),
            )
            if changed is not None:
                enforced(changed, ports)
            yield f"{options.key}: {limits_of(ApiKey.objects.get(id=options.key))}"
        case "list":
            rows = ApiKey.objects.filter(organization_id=options.organization, livemode=livemode)
            for row in rows.order_by("created_at", "id"):
                state = "off" if row.revoked_at is not None else "works"
                yield f"{row.id}  {row.hint}…  {state}  {row.name}  {' '.join(row.scopes)}  {limits_of(row)}"
        case _:
            written = revoke_api_key(
                ports, livemode=livemode, organization=options.organization, key=options.key
            )
            enforced(written, ports)
            yield f"{options.key} is off"


def _limits(options: argparse.Namespace, former: KeyLimitsWanted) -> KeyLimitsWanted:
    """What was said; what was not stays as it was."""
    return KeyLimitsWanted(
        daily_quota=_limit("daily_quota", options.daily_quota, former.daily_quota),
        rate_per_s=_limit("rate_per_s", options.rate_per_s, former.rate_per_s),
    )


def _limit(name: str, said: str | None, former: int | None) -> int | None:
    if said is None or said == "none":
        return former if said is None else None
    if not (said.isascii() and said.isdigit() and len(said) < 16):
        raise Invalid(pointer=f"/{name}", rule="number", expected="a number, or none", got=said[:40])
    return int(said)
