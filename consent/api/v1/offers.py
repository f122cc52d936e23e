"""`/v1/offers`: draft, dry run, send, withdraw. A sent offer never changes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import UNSET, to_builtins

from consent.api.body import sent
from consent.api.listing import list_rows
from consent.api.operation import KIB, Actor, Idempotency, operation
from consent.api.query import OfferQuery
from consent.api.v1.dry_runs import show_dry_run
from consent.api.v1.offer_words import filtered, own_offer, show_offers, with_code
from consent.api.view import ApiView, Call, Reply
from consent.core.wire.fields import Empty, Page
from consent.core.wire.offers import DryRun, NewOffer, Offer, OfferChange, SendOffer
from consent.registry import models
from consent.registry.errors import OfferInvalid
from consent.registry.operations import send_offer as sending
from consent.registry.operations.close_offer import withdraw_offer
from consent.registry.operations.draft_offer import draft_offer, update_draft
from consent.registry.operations.dry_run_offer import dry_run_offer

OFFER_BYTES = 512 * KIB  # 32 lines with texts of 4,000 characters in a few languages
_FAULTS = ("invalid", "offer_invalid", "description_language_missing")


class OffersView(ApiView):
    """All offers of this side."""

    @operation(
        id="listOffers",
        summary="List offers",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        scope="offers",
        query=OfferQuery,
        answer=Page[Offer],
        csv=True,
    )
    def get(self, call: Call) -> Reply:
        """Newest first."""
        rows = models.Offer.objects.filter(
            organization_id=call.organization.organization, livemode=call.organization.livemode
        )
        at = self.wiring.registry.clock()
        return list_rows(
            filtered(rows, call),
            call,
            self.wiring,
            instant="created_at",
            show=lambda found: show_offers(found, call, at=at),
        )

    @operation(
        id="draftOffer",
        summary="Draft an offer",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        scope="offers",
        body=NewOffer,
        max_bytes=OFFER_BYTES,
        answer=Offer,
        status=201,
        idempotency=Idempotency.OPTIONAL,
        problems=(*_FAULTS, "not_found"),
        description="Terms that could not be offered are answered with every fault at once.",
    )
    def post(self, call: Call) -> Offer:
        """Nobody sees a draft but its organization."""
        wanted = _plain(call.body)
        with _pointing_into_terms():
            offer = draft_offer(
                self.wiring.registry,
                livemode=call.organization.livemode,
                organization=call.organization.organization,
                **wanted,
            )
        return _show(self, call, offer)


class OfferView(ApiView):
    """One offer."""

    @operation(
        id="getOffer",
        summary="Read an offer",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        scope="offers",
        answer=Offer,
    )
    def get(self, call: Call, offer: str) -> Offer:
        """As it stands."""
        return _show(self, call, offer)

    @operation(
        id="updateOffer",
        summary="Change a draft",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        scope="offers",
        body=OfferChange,
        max_bytes=OFFER_BYTES,
        answer=Offer,
        problems=(*_FAULTS, "state_conflict"),
    )
    def patch(self, call: Call, offer: str) -> Offer:
        """What is left out stays; `terms` are replaced whole."""
        with _pointing_into_terms():
            update_draft(
                self.wiring.registry,
                livemode=call.organization.livemode,
                organization=call.organization.organization,
                offer=offer,
                **_plain(call.body),
            )
        return _show(self, call, offer)


class SendOfferView(ApiView):
    """Put the offer before the performer."""

    @operation(
        id="sendOffer",
        summary="Send a draft to its performer, or by a new invitation",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        scope="offers",
        body=SendOffer,
        body_optional=True,
        answer=Offer,
        idempotency=Idempotency.REQUIRED,
        problems=(*_FAULTS, "state_conflict"),
        description="The invitation's code and link are in this answer and nowhere else.",
    )
    def post(self, call: Call, offer: str) -> Offer:
        """Once."""
        wanted: SendOffer = call.body
        invitation = None
        if wanted.invitation is not UNSET:
            invitation = sending.NewInvitation(**sent(wanted.invitation))
        with _pointing_into_terms():
            result = sending.send_offer(
                self.wiring.registry,
                livemode=call.organization.livemode,
                organization=call.organization.organization,
                offer=offer,
                invitation=invitation,
            )
        shown = _show(self, call, offer)
        if result.code is None:
            return shown
        return with_code(shown, code=result.code, link=f"{self.wiring.registry.origin}/i/{result.code}")


class WithdrawOfferView(ApiView):
    """Take the offer back."""

    @operation(
        id="withdrawOffer",
        summary="Withdraw a draft or an unanswered offer",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        stops=True,
        scope="offers",
        body=Empty,
        body_optional=True,
        answer=Offer,
        idempotency=Idempotency.OPTIONAL,
        problems=("state_conflict",),
    )
    def post(self, call: Call, offer: str) -> Offer:
        """Its invitation stops working."""
        withdraw_offer(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            offer=offer,
        )
        return _show(self, call, offer)


class DryRunOfferView(ApiView):
    """What the terms would mean."""

    @operation(
        id="dryRunOffer",
        summary="Show what an offer would allow and refuse",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        scope="offers",
        body=Empty,
        body_optional=True,
        answer=DryRun,
        problems=("offer_invalid",),
        description="Sample questions, decided by the same rules as a check. Nothing is recorded.",
    )
    def post(self, call: Call, offer: str) -> DryRun:
        """Before anybody signs."""
        caller = call.organization
        run = dry_run_offer(
            self.wiring.registry, livemode=caller.livemode, organization=caller.organization, offer=offer
        )
        return show_dry_run(run)


def _show(view: ApiView, call: Call, offer: str) -> Offer:
    return show_offers([own_offer(call, offer)], call, at=view.wiring.registry.clock())[0]


@contextmanager
def _pointing_into_terms() -> Iterator[None]:
    """Faults of terms are told as seen from the request, where the terms are one member."""
    try:
        yield
    except OfferInvalid as exc:
        raise OfferInvalid(
            [(f"/terms{pointer}", rule, expected, got) for pointer, rule, expected, got in exc.faults]
        ) from exc


def _plain(body: Any) -> dict[str, Any]:
    members: Mapping[str, Any] = sent(body)
    return {name: to_builtins(value) for name, value in members.items()}
