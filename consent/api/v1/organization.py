"""`/v1/organization` and `/v1/members`: the organization that a key belongs to, and who acts for it."""

from collections.abc import Sequence
from typing import Any

from consent.api.body import sent
from consent.api.listing import list_rows
from consent.api.operation import Actor, Idempotency, operation
from consent.api.query import ListQuery
from consent.api.view import ApiView, Call, Reply
from consent.core.wire.fields import Empty, Page
from consent.core.wire.organizations import Member, NewMember, Organization, OrganizationChange
from consent.core.wire.times import seconds
from consent.registry import models
from consent.registry.operations.members import add_member, remove_member
from consent.registry.operations.update_organization import update_organization


class OrganizationView(ApiView):
    """One's own organization."""

    @operation(
        id="getOrganization",
        summary="Read your organization",
        tag="Organization",
        actor=Actor.ORGANIZATION,
        answer=Organization,
    )
    def get(self, call: Call) -> Organization:
        """As it stands."""
        return self._show(call)

    @operation(
        id="updateOrganization",
        summary="Change your organization's name, country or contact",
        tag="Organization",
        actor=Actor.ORGANIZATION,
        scope="organization",
        body=OrganizationChange,
        answer=Organization,
        problems=("invalid",),
        description="Bodies that were signed keep what they say; new offers say the new.",
    )
    def patch(self, call: Call) -> Organization:
        """Change what is sent."""
        update_organization(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            **sent(call.body),
        )
        return self._show(call)

    def _show(self, call: Call) -> Organization:
        row = models.Organization.objects.get(id=call.organization.organization)
        return Organization(
            id=row.id,
            livemode=call.organization.livemode,
            legal_name=row.legal_name,
            country=row.country,
            contact=row.contact,
            created_at=seconds(row.created_at),
        )


class MembersView(ApiView):
    """Who acts for the organization. Members belong to both sides."""

    @operation(
        id="listMembers",
        summary="List members",
        tag="Organization",
        actor=Actor.ORGANIZATION,
        scope="members",
        query=ListQuery,
        answer=Page[Member],
        csv=True,
    )
    def get(self, call: Call) -> Reply:
        """Those who were not removed, newest first."""
        rows = models.Member.objects.filter(organization_id=call.organization.organization, removed_at=None)
        side = call.organization.livemode
        return list_rows(
            rows, call, self.wiring, instant="created_at", show=lambda found: _show_all(found, livemode=side)
        )

    @operation(
        id="addMember",
        summary="Add a member",
        tag="Organization",
        actor=Actor.ORGANIZATION,
        scope="members",
        body=NewMember,
        idempotency=Idempotency.OPTIONAL,
        answer=Member,
        status=201,
        problems=("invalid",),
    )
    def post(self, call: Call) -> Member:
        """The address is sealed."""
        member = add_member(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            **sent(call.body),
        )
        return _show_all([models.Member.objects.get(id=member)], livemode=call.organization.livemode)[0]


class MemberView(ApiView):
    """One member."""

    @operation(
        id="removeMember",
        summary="Remove a member",
        tag="Organization",
        actor=Actor.ORGANIZATION,
        stops=True,
        scope="members",
        answer=Empty,
        problems=("last_owner",),
    )
    def delete(self, call: Call, member: str) -> dict[str, Any]:
        """An organization keeps one owner."""
        remove_member(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            member=member,
        )
        return {}


def _show_all(rows: Sequence[models.Member], *, livemode: bool) -> list[Member]:
    return [
        Member(
            id=row.id,
            livemode=livemode,
            role=row.role,
            display_name=row.display_name,
            created_at=seconds(row.created_at),
        )
        for row in rows
    ]
