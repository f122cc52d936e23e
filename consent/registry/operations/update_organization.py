"""An organization changes its name, country or contact; bodies already signed keep the old ones."""

from consent.log.transaction import history_transaction
from consent.registry.answers import Written, written
from consent.registry.errors import NotFound
from consent.registry.history import organization_event
from consent.registry.locks import lock_side
from consent.registry.models import Organization
from consent.registry.operations.create_organization import check_details
from consent.registry.ports import RegistryPorts


def update_organization(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    legal_name: str | None = None,
    country: str | None = None,
    contact: str | None = None,
) -> Written:
    """Change what is given, in the history of the side that asked.

    Raises:
        NotFound: the organization has no such side.
        Invalid: an empty name or contact, an unknown country.
    """
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        row = Organization.objects.select_for_update(no_key=True).filter(id=organization).first()
        if row is None:
            raise NotFound("no such organization")
        details = {
            "legal_name": row.legal_name if legal_name is None else legal_name,
            "country": row.country if country is None else country,
            "contact": row.contact if contact is None else contact,
        }
        check_details(**details)
        Organization.objects.filter(id=organization).update(**details)
        event = tx.append(organization_event("organization.updated", organization, details, denies=False))
    return written(tx, event, denies=False, ports=ports)
