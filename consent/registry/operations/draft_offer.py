"""An organization writes terms; nobody else sees them, and nothing enters the history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from consent.core.ids import new_id
from consent.registry.errors import Invalid, NotFound, StateConflict
from consent.registry.known_performers import find_performer
from consent.registry.locks import lock_offer, lock_side
from consent.registry.models import Offer
from consent.registry.offer_terms import require_offerable
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import to_bytes
from consent.registry.text import is_storable

MAX_METADATA = 20
MAX_KEY_CHARS = 40
MAX_VALUE_CHARS = 500


def draft_offer(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    terms: Mapping[str, Any],
    performer: str | None = None,
    performer_name: str = "",
    replaces: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> str:
    """Keep a draft; returns the offer's id.

    `performer` is the organization's reference or `external_id:…`; without one the offer is sent by
    invitation. `performer_name` is the stage name it is addressed to; the performer chooses when it is
    empty. `replaces` names the offer that was answered with a request for changes.

    Raises:
        OfferInvalid: the terms break rules; every fault is told.
        NotFound: the organization has no such side, performer or earlier offer.
        Invalid: more than 20 pairs of metadata.
    """
    now = ports.clock()
    require_offerable(terms, livemode=livemode, at=now)
    offer = new_id("off", random=ports.log.random)
    with transaction.atomic(durable=True):
        lock_side(organization, livemode=livemode)
        _check_replaced(replaces, organization=organization, livemode=livemode)
        Offer.objects.create(
            id=offer,
            organization_id=organization,
            livemode=livemode,
            state="draft",
            terms=to_bytes(dict(terms)),
            performer_id=(
                None
                if performer is None
                else find_performer(performer, organization=organization, livemode=livemode)
            ),
            performer_name=_name(performer_name),
            replaces_id=replaces,
            metadata=_metadata(metadata or {}),
            created_at=now,
        )
    return offer


def update_draft(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    offer: str,
    terms: Mapping[str, Any] | None = None,
    performer: str | None = None,
    performer_name: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Change what is given of a draft; a sent offer never changes.

    Raises:
        NotFound: no such offer or performer.
        StateConflict: it was sent.
        OfferInvalid, Invalid: as for a new draft.
    """
    now: datetime = ports.clock()
    if terms is not None:
        require_offerable(terms, livemode=livemode, at=now)
    with transaction.atomic(durable=True):
        row = lock_offer(offer, livemode=livemode, organization=organization)
        changes: dict[str, Any] = {}
        if terms is not None:
            changes["terms"] = to_bytes(dict(terms))
        if performer is not None:
            changes["performer_id"] = find_performer(performer, organization=organization, livemode=livemode)
        if performer_name is not None:
            changes["performer_name"] = _name(performer_name)
        if metadata is not None:
            changes["metadata"] = _metadata(metadata)
        if row.state != "draft":
            raise StateConflict("a sent offer does not change", expected="draft", got=row.state)
        if changes:
            Offer.objects.filter(id=offer, state="draft").update(**changes)


def _check_replaced(replaces: str | None, *, organization: str, livemode: bool) -> None:
    if replaces is None:
        return
    found = Offer.objects.filter(id=replaces, organization_id=organization, livemode=livemode).first()
    if found is None:
        raise NotFound("no such earlier offer", pointer="/replaces")


def _name(performer_name: str) -> str:
    if len(performer_name) > 120 or not is_storable(performer_name):
        raise Invalid(
            pointer="/performer_name", rule="max_length", expected="at most 120 characters", got="more"
        )
    return performer_name


def _metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Twenty string pairs at most; they are never signed."""
    if len(metadata) > MAX_METADATA:
        raise Invalid(
            pointer="/metadata", rule="size", expected=f"at most {MAX_METADATA} pairs", got=str(len(metadata))
        )
    for name, value in metadata.items():
        fits = 1 <= len(name) <= MAX_KEY_CHARS and len(value) <= MAX_VALUE_CHARS
        if not fits or not is_storable(name) or not is_storable(value):
            raise Invalid(
                pointer="/metadata",
                rule="size",
                expected=f"names of 1 to {MAX_KEY_CHARS}, values of at most {MAX_VALUE_CHARS} characters",
                got="another",
            )
    return dict(metadata)
