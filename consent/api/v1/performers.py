"""`/v1/performers` and `/v1/external-ids`: performers as one organization knows them. There is no directory."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from consent.api.listing import list_rows
from consent.api.operation import Actor, Idempotency, operation
from consent.api.query import ExternalIdQuery
from consent.api.view import ApiView, Call, Reply
from consent.check.caller import OrganizationCaller
from consent.core.wire.fields import Page
from consent.core.wire.performers import (
    ExternalId,
    ForgetExternalId,
    ForgottenExternalId,
    NewExternalId,
    Performer,
)
from consent.core.wire.times import seconds
from consent.registry import answers, models
from consent.registry.errors import NotFound
from consent.registry.operations.references import remove_external_id, set_external_id


class PerformersView(ApiView):
    """Whom the organization was given a reference for."""

    @operation(
        id="listPerformers",
        summary="List the performers you know, by reference",
        tag="Performers",
        actor=Actor.ORGANIZATION,
        scope="performers",
        query=ExternalIdQuery,
        answer=Page[Performer],
        csv=True,
    )
    def get(self, call: Call) -> Reply:
        """References only."""
        rows = _pairs(call.organization)
        if isinstance(call.query.external_id, str):
            rows = rows.filter(performer_id__in=performers_named(call.organization, call.query.external_id))
        return list_rows(
            rows, call, self.wiring, instant="created_at", key="reference", show=_show_performers
        )


class PerformerView(ApiView):
    """One performer."""

    @operation(
        id="getPerformer",
        summary="Read a performer you know",
        tag="Performers",
        actor=Actor.ORGANIZATION,
        scope="performers",
        answer=Performer,
    )
    def get(self, call: Call, performer: str) -> Performer:
        """An unknown reference and one of another organization answer alike."""
        row = _pairs(call.organization).filter(reference=performer).first()
        if row is None:
            raise NotFound("no such performer")
        return _show_performers([row])[0]


class ExternalIdsView(ApiView):
    """The organization's own names for performers."""

    @operation(
        id="listExternalIds",
        summary="List your own names for performers",
        tag="Performers",
        actor=Actor.ORGANIZATION,
        scope="performers",
        query=ExternalIdQuery,
        answer=Page[ExternalId],
        csv=True,
    )
    def get(self, call: Call) -> Reply:
        """Newest first."""
        rows = _external_ids(call.organization)
        if isinstance(call.query.external_id, str):
            rows = rows.filter(external_id=call.query.external_id)
        return list_rows(rows, call, self.wiring, instant="created_at", show=_show_external_ids)

    @operation(
        id="setExternalId",
        summary="Give a performer a name of your own",
        tag="Performers",
        actor=Actor.ORGANIZATION,
        scope="performers",
        body=NewExternalId,
        idempotency=Idempotency.OPTIONAL,
        answer=ExternalId,
        status=201,
        problems=("invalid", "not_found", "external_id_taken"),
        description="`external_id:` and that name then serve wherever `performer` does. Again changes nothing.",
    )
    def post(self, call: Call) -> ExternalId:
        """A name means one performer; a performer may have several."""
        wanted: NewExternalId = call.body
        set_external_id(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            performer=wanted.performer,
            external_id=wanted.external_id,
        )
        row = _external_ids(call.organization).get(external_id=wanted.external_id)
        return _show_external_ids([row])[0]


class ForgetExternalIdView(ApiView):
    """Take a name back."""

    @operation(
        id="forgetExternalId",
        summary="Forget a name of your own",
        tag="Performers",
        actor=Actor.ORGANIZATION,
        scope="performers",
        body=ForgetExternalId,
        idempotency=Idempotency.OPTIONAL,
        answer=ForgottenExternalId,
        problems=("not_found",),
        description="Checks by that name deny from then on.",
    )
    def post(self, call: Call) -> ForgottenExternalId:
        """Answers when no check knows the name any more."""
        ports = self.wiring.registry
        written = remove_external_id(
            ports,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            external_id=call.body.external_id,
        )
        answers.enforced(written, ports)
        return ForgottenExternalId(
            external_id=call.body.external_id,
            livemode=call.organization.livemode,
            committed=written.committed,
        )


def references(caller: OrganizationCaller, performers: Sequence[Any]) -> dict[Any, str]:
    """What the organization calls these performers, by their internal ids."""
    pairs = _pairs(caller).filter(performer_id__in=[each for each in performers if each is not None])
    return dict(pairs.values_list("performer_id", "reference"))


def performers_named(caller: OrganizationCaller, external_id: str) -> "QuerySet[Any]":
    """The internal ids of the performers that an external id of the organization means: one or none."""
    return _external_ids(caller).filter(external_id=external_id).values("performer_id")


def _pairs(caller: OrganizationCaller) -> "QuerySet[models.PairwiseReference]":
    return models.PairwiseReference.objects.filter(
        organization_id=caller.organization, livemode=caller.livemode
    )


def _external_ids(caller: OrganizationCaller) -> "QuerySet[models.ExternalId]":
    return models.ExternalId.objects.filter(organization_id=caller.organization, livemode=caller.livemode)


def _show_performers(rows: Sequence[models.PairwiseReference]) -> list[Performer]:
    names: dict[tuple[Any, str], list[str]] = defaultdict(list)
    known = models.ExternalId.objects.filter(
        performer_id__in=[row.performer_id for row in rows],
        organization_id__in={row.organization_id for row in rows},
    )
    for each in known.order_by("external_id"):
        names[each.performer_id, each.organization_id].append(each.external_id)
    return [
        Performer(
            performer=row.reference,
            livemode=row.livemode,
            external_ids=names[row.performer_id, row.organization_id],
            created_at=seconds(row.created_at),
        )
        for row in rows
    ]


def _show_external_ids(rows: Sequence[models.ExternalId]) -> list[ExternalId]:
    pairs = models.PairwiseReference.objects.filter(
        performer_id__in=[row.performer_id for row in rows],
        organization_id__in={row.organization_id for row in rows},
    )
    called = dict(pairs.values_list("performer_id", "reference"))
    return [
        ExternalId(
            external_id=row.external_id,
            performer=called[row.performer_id],
            livemode=row.livemode,
            created_at=seconds(row.created_at),
        )
        for row in rows
    ]
