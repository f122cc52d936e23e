"""An organization enters, with one side; the other is opened apart."""

from dataclasses import dataclass

from consent.core.ids import is_id, new_id
from consent.core.territories import COUNTRIES
from consent.log.transaction import history_transaction
from consent.registry.answers import Written, written
from consent.registry.errors import Conflict, Invalid, NotFound
from consent.registry.history import by, organization_event
from consent.registry.models import Organization, OrganizationSide
from consent.registry.ports import RegistryPorts
from consent.registry.text import required

MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationOpened:
    """The organization's id, and the event that opened the side."""

    organization: str
    written: Written


def create_organization(
    ports: RegistryPorts,
    *,
    livemode: bool,
    legal_name: str,
    country: str,
    contact: str,
    organization: str | None = None,
    actor: str | None = None,
) -> OrganizationOpened:
    """Record a new organization and open its live or test side.

    `organization` gives it a readable id (`org_test_…`), which only the test side may have. `actor` is the
    operator's account.

    Raises:
        Invalid: an empty name, no ISO 3166-1 alpha-2 country, a readable id on the live side.
        Conflict: the id is taken.
    """
    if organization is None:
        organization = new_id("org", random=ports.log.random)
    elif livemode or not is_id(organization, "org"):
        raise Invalid(pointer="/id", rule="id", expected="org_test_… on the test side", got=organization)
    check_details(legal_name=legal_name, country=country, contact=contact)
    now = ports.clock()
    with history_transaction(livemode, ports.log) as tx:
        _, made = Organization.objects.get_or_create(
            id=organization,
            defaults={
                "legal_name": legal_name,
                "country": country,
                "contact": contact,
                "created_at": now,
            },
        )
        if not made:
            raise Conflict("this organization exists")
        OrganizationSide.objects.create(organization_id=organization, livemode=livemode, opened_at=now)
        said = {"legal_name": legal_name, "country": country, "contact": contact, **by(actor)}
        event = tx.append(organization_event("organization.created", organization, said, denies=False))
    return OrganizationOpened(
        organization=organization, written=written(tx, event, denies=False, ports=ports)
    )


def open_side(
    ports: RegistryPorts, *, livemode: bool, organization: str, actor: str | None = None
) -> Written:
    """Open the other side of an organization. `actor` is the operator's account.

    Raises:
        NotFound: no such organization.
        Conflict: the side is open already.
        Invalid: a readable test organization has no live side.
    """
    if livemode and organization.startswith("org_test_"):
        raise Invalid(pointer="/livemode", rule="livemode", expected="false", got="true")
    with history_transaction(livemode, ports.log) as tx:
        if not Organization.objects.filter(id=organization).exists():
            raise NotFound("no such organization")
        _, made = OrganizationSide.objects.get_or_create(
            organization_id=organization, livemode=livemode, defaults={"opened_at": ports.clock()}
        )
        if not made:
            raise Conflict("this side is open already")
        event = tx.append(
            organization_event("organization.side_opened", organization, by(actor), denies=False)
        )
    return written(tx, event, denies=False, ports=ports)


def check_details(*, legal_name: str, country: str, contact: str) -> None:
    """What every signed body shows of a licensee must be there; Invalid otherwise."""
    required(legal_name, "/legal_name", max_chars=MAX_NAME_CHARS)
    required(contact, "/contact", max_chars=MAX_NAME_CHARS)
    if country not in COUNTRIES:
        raise Invalid(pointer="/country", rule="iso3166-1", expected="a code such as DE", got=country[:8])
