"""How an organization's offers and invitations are found and worded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet
from msgspec import UNSET, convert, structs

from consent.api.v1.performers import performers_named, references
from consent.api.view import Call
from consent.core.wire.offers import Invitation, Offer, OfferState
from consent.core.wire.times import seconds, seconds_or_none
from consent.registry import models
from consent.registry.errors import NotFound
from consent.registry.queries.documents import naming_use, of_project
from consent.registry.stored_json import from_bytes


def own_offer(call: Call, offer: str) -> models.Offer:
    """The caller's offer; another organization's answers as one that does not exist."""
    row = models.Offer.objects.filter(
        id=offer, organization_id=call.organization.organization, livemode=call.organization.livemode
    ).first()
    if row is None:
        raise NotFound("no such offer")
    return row


def filtered(rows: "QuerySet[models.Offer]", call: Call) -> "QuerySet[models.Offer]":
    """The offers that the query's filters keep."""
    query = call.query
    if query.status is not UNSET:
        rows = rows.filter(state=query.status)
    if query.external_id is not UNSET:
        rows = rows.filter(performer_id__in=performers_named(call.organization, query.external_id))
    if query.use is not UNSET:
        rows = naming_use(rows, query.use)
    if query.q is not UNSET:
        rows = of_project(rows, query.q)
    return rows


def show_offers(rows: Sequence[models.Offer], call: Call, *, at: datetime) -> list[Offer]:
    """Offers as their organization sees them, each with its latest invitation."""
    called = references(call.organization, [row.performer_id for row in rows])
    sent = models.Invitation.objects.filter(offer_id__in=[row.id for row in rows]).order_by(
        "created_at", "id"
    )
    invitations = {each.offer_id: show_invitation(each, at=at) for each in sent}
    return [
        Offer(
            id=row.id,
            livemode=row.livemode,
            state=convert(row.state, OfferState),
            terms=from_bytes(row.terms),
            performer=called.get(row.performer_id),
            performer_name=row.performer_name or None,
            replaces=row.replaces_id,
            requested_changes=row.requested_changes or None,
            metadata=row.metadata,
            created_at=seconds(row.created_at),
            sent_at=seconds_or_none(row.sent_at),
            viewed_at=seconds_or_none(row.viewed_at),
            closed_at=seconds_or_none(row.closed_at),
            invitation=invitations.get(row.id, UNSET),
        )
        for row in rows
    ]


def with_code(offer: Offer, *, code: str, link: str) -> Offer:
    """The offer with the code of the invitation that was just made; the only time it is shown."""
    assert isinstance(offer.invitation, Invitation)
    return structs.replace(offer, invitation=structs.replace(offer.invitation, code=code, link=link))


def show_invitation(row: models.Invitation, *, at: datetime) -> Invitation:
    """An invitation without its code, which is not kept."""
    state: Literal["open", "redeemed", "revoked", "expired"] = "open"
    if row.redeemed_at is not None:
        state = "redeemed"
    elif row.revoked_at is not None:
        state = "revoked"
    elif row.expires_at <= at:
        state = "expired"
    return Invitation(
        id=row.id,
        livemode=row.livemode,
        offer=row.offer_id,
        state=state,
        language=row.language,
        created_at=seconds(row.created_at),
        expires_at=seconds(row.expires_at),
    )
