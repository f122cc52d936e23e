"""`/v1/grants`: consents as their licensee sees them. Every stop reads alike."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from msgspec import UNSET, convert

from consent.api.listing import list_rows
from consent.api.operation import Actor, operation
from consent.api.query import GrantQuery
from consent.api.v1.grant_words import enforcement_of, uses_of
from consent.api.v1.performers import performers_named
from consent.api.view import ApiView, Call, Reply
from consent.core.states import GrantState, licensee_view
from consent.core.wire.fields import GrantStateForLicensee, Page
from consent.core.wire.grants import Grant
from consent.core.wire.times import seconds
from consent.registry import models
from consent.registry.errors import NotFound
from consent.registry.operations.read_package import read_package
from consent.registry.ports import RegistryPorts
from consent.registry.queries.documents import naming_use
from consent.registry.queries.grants import (
    grants_of_organization,
    since_for_licensee,
    state_for_licensee,
    wait_until_told,
)


class GrantsView(ApiView):
    """All grants to the organization on this side."""

    @operation(
        id="listGrants",
        summary="List grants",
        tag="Grants",
        actor=Actor.ORGANIZATION,
        scope="grants",
        query=GrantQuery,
        answer=Page[Grant],
        csv=True,
    )
    def get(self, call: Call) -> Reply:
        """Newest first. `created_after` and `created_before` are about the signing."""
        ports = self.wiring.registry
        at = ports.clock()
        return list_rows(
            _filtered(_own(call), call, at=at),
            call,
            self.wiring,
            instant="signed_at",
            show=lambda found: _show_all(found, ports, at=at),
        )


class GrantView(ApiView):
    """One grant."""

    @operation(
        id="getGrant",
        summary="Read a grant",
        tag="Grants",
        actor=Actor.ORGANIZATION,
        scope="grants",
        answer=Grant,
    )
    def get(self, call: Call, grant: str) -> Grant:
        """Active, paused or ended, and since when."""
        ports = self.wiring.registry
        row = _own(call).filter(id=grant).first()
        if row is None:
            raise NotFound("no such grant")
        return _show_all([row], ports, at=ports.clock())[0]


class GrantPackageView(ApiView):
    """The file that proves it."""

    @operation(
        id="getGrantPackage",
        summary="Download the grant package",
        tag="Grants",
        actor=Actor.ORGANIZATION,
        scope="grants",
        answer=bytes,
        description="Body, signatures, key chain, the registry's countersignature; `proof` is `pending` until "
        "its log entry is published. It verifies offline: `consent verify`.",
    )
    def get(self, call: Call, grant: str) -> bytes:
        """The bytes that anybody can verify."""
        caller = call.organization
        return read_package(
            self.wiring.registry, livemode=caller.livemode, organization=caller.organization, grant=grant
        )


def _own(call: Call) -> "QuerySet[models.Grant]":
    return grants_of_organization(call.organization.organization, livemode=call.organization.livemode)


def _filtered(rows: "QuerySet[models.Grant]", call: Call, *, at: datetime) -> "QuerySet[models.Grant]":
    query = call.query
    if query.status is not UNSET:
        states = [each.value for each in GrantState if licensee_view(each) == query.status]
        over = Q(ended_at=None, valid_until__lte=at)  # a term that ran out reads as an end
        rows = rows.filter(
            Q(state__in=states) | over if query.status == "ended" else Q(state__in=states) & ~over
        )
    if query.external_id is not UNSET:
        rows = rows.filter(performer_id__in=performers_named(call.organization, query.external_id))
    if query.use is not UNSET:
        rows = naming_use(rows, query.use)
    return rows


def _show_all(rows: Sequence[models.Grant], ports: RegistryPorts, *, at: datetime) -> list[Grant]:
    wait_until_told(rows, ports)
    enforced = enforcement_of(rows)
    return [
        Grant(
            id=row.id,
            livemode=row.livemode,
            state=convert(state_for_licensee(row, at=at), GrantStateForLicensee),
            state_since=seconds(since_for_licensee(row, at=at)),
            enforced_at=enforced.get(row.id),
            performer=row.reference,
            offer=row.offer_id,
            uses=uses_of(row),
            adult=row.adult,
            signed_at=seconds(row.signed_at),
            valid_from=seconds(row.valid_from),
            valid_until=seconds(row.valid_until),
            supersedes=row.supersedes_id,
            grant_sha256=row.grant_sha256,
        )
        for row in rows
    ]
