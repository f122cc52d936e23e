"""`/v1/invitations`: codes that bring one person to one offer."""

from consent.api.listing import list_rows
from consent.api.operation import Actor, Idempotency, operation
from consent.api.query import ListQuery
from consent.api.v1.offer_words import show_invitation
from consent.api.view import ApiView, Call, Reply
from consent.core.wire.fields import Empty, Page
from consent.core.wire.offers import Invitation
from consent.registry import models
from consent.registry.errors import NotFound
from consent.registry.operations.invitations import revoke_invitation


class InvitationsView(ApiView):
    """All invitations of this side."""

    @operation(
        id="listInvitations",
        summary="List invitations",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        scope="offers",
        query=ListQuery,
        answer=Page[Invitation],
        csv=True,
    )
    def get(self, call: Call) -> Reply:
        """Newest first, without codes."""
        rows = models.Invitation.objects.filter(
            organization_id=call.organization.organization, livemode=call.organization.livemode
        )
        at = self.wiring.registry.clock()
        return list_rows(
            rows,
            call,
            self.wiring,
            instant="created_at",
            show=lambda found: [show_invitation(row, at=at) for row in found],
        )


class RevokeInvitationView(ApiView):
    """Make a code useless."""

    @operation(
        id="revokeInvitation",
        summary="Revoke an invitation",
        tag="Offers",
        actor=Actor.ORGANIZATION,
        stops=True,
        scope="offers",
        body=Empty,
        body_optional=True,
        idempotency=Idempotency.OPTIONAL,
        answer=Invitation,
        problems=("state_conflict",),
        description="The offer stays sent, and can be withdrawn.",
    )
    def post(self, call: Call, invitation: str) -> Invitation:
        """Before it is used."""
        ports = self.wiring.registry
        caller = call.organization
        revoke_invitation(
            ports, livemode=caller.livemode, organization=caller.organization, invitation=invitation
        )
        row = models.Invitation.objects.filter(
            id=invitation, organization_id=caller.organization, livemode=caller.livemode
        ).first()
        if row is None:
            raise NotFound("no such invitation")
        return show_invitation(row, at=ports.clock())
