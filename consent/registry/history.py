"""Events as the registry words them: no internal ids, one place for each kind's name."""

from collections.abc import Mapping
from typing import Any

from consent.log.events import NewEvent
from consent.registry.models import Grant, Offer, Performer


def by(actor: str | None) -> dict[str, str]:
    """The member of an event's body that says whose account acted; none where a command did."""
    return {} if actor is None else {"actor": actor}


def organization_event(kind: str, organization: str, body: Mapping[str, Any], *, denies: bool) -> NewEvent:
    """An event of an organization's own affairs, sealed under the organization's record."""
    return NewEvent(
        kind=kind,
        body={"organization": organization, **body},
        record=organization,
        denies=denies,
        organization_id=organization,
    )


def performer_event(kind: str, performer: Performer, body: Mapping[str, Any], *, denies: bool) -> NewEvent:
    """An event of a performer that concerns no single organization."""
    return NewEvent(
        kind=kind, body=body, record=performer.record, denies=denies, performer_id=str(performer.id)
    )


def pair_event(
    kind: str,
    performer: Performer,
    organization: str,
    body: Mapping[str, Any],
    *,
    denies: bool,
    grant: str | None = None,
) -> NewEvent:
    """An event between a performer and an organization, sealed under the performer's record."""
    return NewEvent(
        kind=kind,
        body={"licensee": organization, **body},
        record=performer.record,
        denies=denies,
        performer_id=str(performer.id),
        organization_id=organization,
        grant_id=grant,
    )


def offer_event(
    kind: str, offer: Offer, body: Mapping[str, Any], *, performer: Performer | None = None
) -> NewEvent:
    """A step of an offer; it changes no answer. Sealed under the performer's record once there is one."""
    said = {"offer": offer.id, **body}
    if performer is None:
        return organization_event(kind, offer.organization_id, said, denies=False)
    return pair_event(kind, performer, offer.organization_id, said, denies=False)


def grant_event(
    kind: str, grant: Grant, performer: Performer, body: Mapping[str, Any], *, denies: bool
) -> NewEvent:
    """A step of a grant; its digest binds the event to the signed bytes."""
    said = {
        "grant": grant.id,
        "grant_sha256": grant.grant_sha256,
        "performer": grant.reference,
        **body,
    }
    return pair_event(kind, performer, grant.organization_id, said, denies=denies, grant=grant.id)
