"""A newcomer who went through it all once finds a fresh request at the next start."""

from consent.registry.models import ExternalId, Grant, Offer
from consent.registry.operations.draft_offer import draft_offer
from consent.registry.operations.send_offer import send_offer
from consent.registry.ports import RegistryPorts
from consent.server.laptop.request import terms

_WAITING = ("offered", "viewed")
_STANDING = ("signed", "active", "suspended")


def waiting_request(ports: RegistryPorts, *, organization: str, external_id: str) -> str | None:
    """The offer that waits for the performer of this name on the test side.

    A new one is sent where they have nothing left to answer and nothing left to end. None while a consent
    of theirs stands, or while nobody has the name.
    """
    named = ExternalId.objects.filter(organization_id=organization, external_id=external_id, livemode=False)
    performer = named.values_list("performer_id", flat=True).first()
    if performer is None:
        return None
    theirs = Offer.objects.filter(organization_id=organization, performer_id=performer, state__in=_WAITING)
    waiting = theirs.order_by("-created_at").values_list("id", flat=True).first()
    standing = Grant.objects.filter(organization_id=organization, performer_id=performer, state__in=_STANDING)
    if waiting is not None or standing.exists():
        return waiting
    offer = draft_offer(
        ports,
        livemode=False,
        organization=organization,
        terms=terms(ports.clock().replace(microsecond=0)),
        performer=f"external_id:{external_id}",
    )
    send_offer(ports, livemode=False, organization=organization, offer=offer)
    return offer
