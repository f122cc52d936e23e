"""`/v1/me/offers`: what a performer is asked, and what they answer."""

from consent.api.body import sent
from consent.api.listing import list_rows
from consent.api.operation import Actor, Idempotency, operation
from consent.api.query import ListQuery
from consent.api.v1.dry_runs import show_dry_run
from consent.api.v1.offers_to_me import offer_to, show_offers_to
from consent.api.view import ApiView, Call
from consent.api.view import Reply as ApiReply
from consent.core.wire.fields import Empty, Page
from consent.core.wire.offers import DryRun, OfferForPerformer, PreparedGrant, PrepareGrant, Reply
from consent.core.wire.times import seconds
from consent.registry.operations.close_offer import decline_offer, request_changes
from consent.registry.operations.dry_run_offer import dry_run_offer
from consent.registry.operations.prepare_grant import prepare_grant
from consent.registry.operations.view_offer import view_offer
from consent.registry.queries.performer import offers_to


class MyOffersView(ApiView):
    """All offers to the performer."""

    @operation(
        id="listMyOffers",
        summary="List the offers made to you",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        query=ListQuery,
        answer=Page[OfferForPerformer],
    )
    def get(self, call: Call) -> ApiReply:
        """Newest first. Listing marks nothing as seen."""
        me = call.performer
        rows = offers_to(me.performer).filter(livemode=me.livemode).select_related("organization")
        return list_rows(
            rows, call, self.wiring, instant="sent_at", show=lambda found: show_offers_to(me, found)
        )


class MyOfferView(ApiView):
    """One offer to the performer."""

    @operation(
        id="getMyOffer",
        summary="Read an offer made to you",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        answer=OfferForPerformer,
        description="Reading it marks it as viewed, which its sender sees; only what was viewed can be signed.",
    )
    def get(self, call: Call, offer: str) -> OfferForPerformer:
        """From the first reading on the waiting times of adult terms run."""
        if call.request.method == "GET":
            view_offer(
                self.wiring.registry,
                livemode=call.performer.livemode,
                performer=call.performer.performer,
                offer=offer,
            )
        return offer_to(call.performer, offer)


class PrepareGrantView(ApiView):
    """Ask for what to sign."""

    @operation(
        id="prepareGrant",
        summary="Get the exact body and text to sign",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        body=PrepareGrant,
        idempotency=Idempotency.OPTIONAL,
        answer=PreparedGrant,
        status=201,
        problems=(
            "invalid",
            "offer_invalid",
            "description_language_missing",
            "state_conflict",
            "credential_unknown",
            "credential_blocked",
            "credential_waiting",
        ),
    )
    def post(self, call: Call, offer: str) -> PreparedGrant:
        """It works once."""
        prepared = prepare_grant(
            self.wiring.registry,
            livemode=call.performer.livemode,
            performer=call.performer.performer,
            offer=offer,
            **sent(call.body),
        )
        return PreparedGrant(
            grant=prepared.grant,
            body=dict(prepared.body),
            text=prepared.text.decode(),
            text_sha256=prepared.text_sha256,
            expires_at=seconds(prepared.expires_at),
        )


class DeclineOfferView(ApiView):
    """Say no."""

    @operation(
        id="declineOffer",
        summary="Decline an offer",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        body=Empty,
        body_optional=True,
        answer=OfferForPerformer,
        idempotency=Idempotency.OPTIONAL,
        problems=("state_conflict",),
    )
    def post(self, call: Call, offer: str) -> OfferForPerformer:
        """No reason is asked."""
        me = call.performer
        decline_offer(self.wiring.registry, livemode=me.livemode, performer=me.performer, offer=offer)
        return offer_to(me, offer)


class RequestChangesView(ApiView):
    """Ask for other terms."""

    @operation(
        id="requestChanges",
        summary="Ask for other terms, in your own words",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        body=Reply,
        answer=OfferForPerformer,
        idempotency=Idempotency.OPTIONAL,
        problems=("state_conflict", "invalid"),
        description="It is answered by a new offer; this one is closed.",
    )
    def post(self, call: Call, offer: str) -> OfferForPerformer:
        """The sender reads the note."""
        me = call.performer
        request_changes(
            self.wiring.registry,
            livemode=me.livemode,
            performer=me.performer,
            offer=offer,
            note=call.body.note,
        )
        return offer_to(me, offer)


class DryRunMyOfferView(ApiView):
    """What signing would mean."""

    @operation(
        id="dryRunMyOffer",
        summary="Show what an offer would allow and refuse, with your limits applied",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        body=Empty,
        body_optional=True,
        answer=DryRun,
    )
    def post(self, call: Call, offer: str) -> DryRun:
        """What they could do with it, and what they could not."""
        me = call.performer
        return show_dry_run(
            dry_run_offer(self.wiring.registry, livemode=me.livemode, performer=me.performer, offer=offer)
        )
