"""An invitation as its one person reads it. Reading marks nothing and uses nothing up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from consent.registry.invitation_code import code_digest
from consent.registry.models import Invitation, Offer, Organization
from consent.registry.offer_terms import languages_of, normal_terms
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import from_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """Who asks for what. `state` is the offer's, `redeemed` whether the reader has taken it up.

    `terms` are the offer's in their normal form, `languages` those in which every line has a text.
    """

    invitation: str
    offer: str
    organization: Organization
    livemode: bool
    language: str
    languages: tuple[str, ...]
    expires_at: datetime
    state: str
    terms: Mapping[str, Any]
    performer_name: str
    redeemed: bool


def read_invitation(
    ports: RegistryPorts, *, code: str, performer: UUID | None = None
) -> InvitationView | None:
    """What a code opens: for anybody while it is open, afterwards only for the performer who redeemed it.

    An unknown code and one that is used, revoked, expired or withdrawn answer alike.
    """
    digest = code_digest(code)
    if digest is None:
        return None
    row = Invitation.objects.select_related("offer", "organization").filter(code_digest=digest).first()
    if row is None:
        return None
    redeemed = row.redeemed_at is not None
    offer: Offer = row.offer
    if redeemed:
        opens = performer is not None and row.redeemed_by_id == performer
    else:
        opens = row.revoked_at is None and ports.clock() < row.expires_at and offer.state == "offered"
    if not opens:
        return None
    terms = normal_terms(from_bytes(offer.terms), livemode=row.livemode)
    return InvitationView(
        invitation=row.id,
        offer=offer.id,
        organization=row.organization,
        livemode=row.livemode,
        language=row.language,
        languages=tuple(languages_of(terms)),
        expires_at=row.expires_at,
        state=offer.state,
        terms=terms,
        performer_name=offer.performer_name,
        redeemed=redeemed,
    )
