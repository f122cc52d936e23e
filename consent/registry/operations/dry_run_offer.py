"""What an offer's terms would allow and would not, before anybody signs."""

from uuid import UUID

from consent.core.dry_run import DryRun, dry_run
from consent.core.offers import expand_offer
from consent.core.terms import GRANT_SCHEMA, LimitsTerms, compile_grant
from consent.registry.errors import NotFound
from consent.registry.models import Limits, Offer
from consent.registry.offer_terms import require_offerable
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import from_bytes
from consent.registry.text import is_storable


def dry_run_offer(
    ports: RegistryPorts,
    *,
    livemode: bool,
    offer: str,
    organization: str | None = None,
    performer: UUID | None = None,
) -> DryRun:
    """Sample questions and their answers, by the very rules of a check.

    For the offer's organization, or for the performer it was sent to, whose own limits then count too.

    Raises:
        NotFound: not this organization's or performer's offer.
        OfferInvalid: the terms can no longer be offered.
    """
    rows = Offer.objects.filter(id=offer, livemode=livemode) if is_storable(offer) else Offer.objects.none()
    limits = None
    if organization is not None:
        rows = rows.filter(organization_id=organization)
    elif performer is not None:
        rows = rows.filter(performer_id=performer).exclude(state="draft")
        limits = _limits(performer)
    else:
        rows = rows.none()
    row = rows.first()
    if row is None:
        raise NotFound("no such offer")
    now = ports.clock()
    terms = expand_offer(require_offerable(from_bytes(row.terms), livemode=livemode, at=now))
    return dry_run(compile_grant({**terms, "schema": GRANT_SCHEMA}), at=now, limits=limits)


def _limits(performer: UUID) -> LimitsTerms | None:
    newest = Limits.objects.filter(performer_id=performer).order_by("-version").first()
    return None if newest is None else LimitsTerms.from_json(from_bytes(newest.terms))
