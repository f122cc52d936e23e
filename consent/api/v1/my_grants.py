"""`/v1/me/grants`: what the performer signed, how it stands, and the file that proves it."""

from collections.abc import Sequence

from django.db.models import QuerySet
from msgspec import to_builtins

from consent.api.listing import list_rows
from consent.api.operation import Actor, operation
from consent.api.query import ListQuery
from consent.api.v1.grant_words import enforcement_of, uses_of
from consent.api.v1.offers_to_me import sender
from consent.api.view import ApiView, Call, Reply
from consent.core.wire.fields import Page
from consent.core.wire.grants import GrantForPerformer
from consent.core.wire.times import seconds, seconds_or_none
from consent.registry import models
from consent.registry.errors import NotFound
from consent.registry.operations.read_package import read_package
from consent.registry.ports import RegistryPorts
from consent.registry.queries.grants import grants_of_performer, wait_until_told


class MyGrantsView(ApiView):
    """All that the performer signed."""

    @operation(
        id="listMyGrants",
        summary="List what you signed",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        query=ListQuery,
        answer=Page[GrantForPerformer],
    )
    def get(self, call: Call) -> Reply:
        """Newest first."""
        return list_rows(
            _own(call),
            call,
            self.wiring,
            instant="signed_at",
            show=lambda found: _show_all(found, self.wiring.registry),
        )


class MyGrantView(ApiView):
    """One grant."""

    @operation(
        id="getMyGrant",
        summary="Read a grant that you signed",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        answer=GrantForPerformer,
    )
    def get(self, call: Call, grant: str) -> GrantForPerformer:
        """With its whole state, which its licensee does not see."""
        row = _own(call).filter(id=grant).first()
        if row is None:
            raise NotFound("no such grant")
        return _show_all([row], self.wiring.registry)[0]


class MyGrantPackageView(ApiView):
    """The signed copy."""

    @operation(
        id="getMyGrantPackage",
        summary="Download your signed copy",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        answer=bytes,
    )
    def get(self, call: Call, grant: str) -> bytes:
        """The same file that the licensee holds."""
        me = call.performer
        return read_package(self.wiring.registry, livemode=me.livemode, performer=me.performer, grant=grant)


def _own(call: Call) -> "QuerySet[models.Grant]":
    mine = grants_of_performer(call.performer.performer)
    return mine.filter(livemode=call.performer.livemode).select_related("organization", "credential")


def _show_all(rows: Sequence[models.Grant], ports: RegistryPorts) -> list[GrantForPerformer]:
    wait_until_told(rows, ports)
    enforced = enforcement_of(rows)
    return [
        GrantForPerformer(
            id=row.id,
            livemode=row.livemode,
            state=row.state,
            state_since=seconds(row.state_at),
            enforced_at=enforced.get(row.id),
            licensee=to_builtins(sender(row.organization)),
            performer=row.reference,
            offer=row.offer_id,
            uses=uses_of(row),
            adult=row.adult,
            signed_at=seconds(row.signed_at),
            confirmed_at=seconds_or_none(row.confirmed_at),
            activated_at=seconds_or_none(row.activated_at),
            ended_at=seconds_or_none(row.ended_at),
            valid_from=seconds(row.valid_from),
            valid_until=seconds(row.valid_until),
            grant_sha256=row.grant_sha256,
            credential=row.credential.thumbprint,
        )
        for row in rows
    ]
