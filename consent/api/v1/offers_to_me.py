"""How a performer's offers are found and worded."""

from collections.abc import Sequence

from msgspec import convert

from consent.api.callers import PerformerCaller
from consent.core.wire.offers import OfferForPerformer, OfferSender, OfferState
from consent.core.wire.times import seconds, seconds_or_none
from consent.registry import models
from consent.registry.errors import NotFound
from consent.registry.offer_terms import languages_of, normal_terms
from consent.registry.queries.performer import offers_to
from consent.registry.stored_json import from_bytes


def offer_to(caller: PerformerCaller, offer: str) -> OfferForPerformer:
    """One offer to this performer; a draft, and anybody else's, answer as one that does not exist."""
    row = (
        offers_to(caller.performer)
        .filter(id=offer, livemode=caller.livemode)
        .select_related("organization")
        .first()
    )
    if row is None:
        raise NotFound("no such offer")
    return show_offers_to(caller, [row])[0]


def show_offers_to(caller: PerformerCaller, rows: Sequence[models.Offer]) -> list[OfferForPerformer]:
    """Offers as the performer reads them, with whoever asks named as the registry knows them."""
    pairs = models.PairwiseReference.objects.filter(
        performer_id=caller.performer, organization_id__in={row.organization_id for row in rows}
    )
    called = dict(pairs.values_list("organization_id", "reference"))
    return [_show(row, called[row.organization_id]) for row in rows]


def sender(organization: models.Organization) -> OfferSender:
    """Who asks."""
    return OfferSender(
        id=organization.id,
        legal_name=organization.legal_name,
        country=organization.country,
        contact=organization.contact,
    )


def _show(row: models.Offer, reference: str) -> OfferForPerformer:
    assert row.sent_at is not None  # drafts are nobody's but their organization's
    terms = normal_terms(from_bytes(row.terms), livemode=row.livemode)
    return OfferForPerformer(
        id=row.id,
        livemode=row.livemode,
        state=convert(row.state, OfferState),
        licensee=sender(row.organization),
        performer=reference,
        performer_name=row.performer_name or None,
        terms=terms,
        languages=languages_of(terms),
        sent_at=seconds(row.sent_at),
        viewed_at=seconds_or_none(row.viewed_at),
    )
