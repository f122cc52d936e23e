"""`/v1/prior-records`: paper consents. Evidence; checks deny until the performer has signed."""

from collections.abc import Sequence
from datetime import date

from msgspec import UNSET, UnsetType

from consent.api.listing import list_rows
from consent.api.operation import Actor, Idempotency, operation
from consent.api.query import ExternalIdQuery
from consent.api.v1.performers import performers_named, references
from consent.api.view import ApiView, Call, Reply
from consent.core.wire.fields import Page
from consent.core.wire.problem import ApiError, fault
from consent.core.wire.records import NewPriorRecord, PriorRecord
from consent.core.wire.times import seconds
from consent.registry import models
from consent.registry.errors import NotFound
from consent.registry.operations.import_prior_record import import_prior_record


class PriorRecordsView(ApiView):
    """All imported on this side."""

    @operation(
        id="listPriorRecords",
        summary="List imported paper consents",
        tag="Prior records",
        actor=Actor.ORGANIZATION,
        scope="grants",
        query=ExternalIdQuery,
        answer=Page[PriorRecord],
        csv=True,
    )
    def get(self, call: Call) -> Reply:
        """Newest first; what they say is sealed."""
        caller = call.organization
        rows = models.PriorRecord.objects.filter(
            organization_id=caller.organization, livemode=caller.livemode
        )
        if call.query.external_id is not UNSET:
            rows = rows.filter(performer_id__in=performers_named(caller, call.query.external_id))
        return list_rows(
            rows, call, self.wiring, instant="imported_at", show=lambda found: _show_all(found, call)
        )

    @operation(
        id="importPriorRecord",
        summary="Import a paper consent",
        tag="Prior records",
        actor=Actor.ORGANIZATION,
        scope="grants",
        body=NewPriorRecord,
        idempotency=Idempotency.OPTIONAL,
        answer=PriorRecord,
        status=201,
        problems=("invalid", "not_found", "conflict"),
        description="It never allows anything: checks answer `prior_record_unsigned` until the performer signs.",
    )
    def post(self, call: Call) -> PriorRecord:
        """The same scan once."""
        wanted: NewPriorRecord = call.body
        record = import_prior_record(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            who=wanted.who,
            signed_on=_day("/signed_on", wanted.signed_on),
            uses=wanted.uses,
            scan_sha256=wanted.scan_sha256,
            vouched_by=wanted.vouched_by,
            performer=None if isinstance(wanted.performer, UnsetType) else wanted.performer,
            valid_until=(
                None
                if isinstance(wanted.valid_until, UnsetType)
                else _day("/valid_until", wanted.valid_until)
            ),
        )
        return _show_all([models.PriorRecord.objects.get(id=record)], call)[0]


class PriorRecordView(ApiView):
    """One paper consent."""

    @operation(
        id="getPriorRecord",
        summary="Read an imported paper consent",
        tag="Prior records",
        actor=Actor.ORGANIZATION,
        scope="grants",
        answer=PriorRecord,
    )
    def get(self, call: Call, record: str) -> PriorRecord:
        """Without what is sealed."""
        caller = call.organization
        row = models.PriorRecord.objects.filter(
            id=record, organization_id=caller.organization, livemode=caller.livemode
        ).first()
        if row is None:
            raise NotFound("no such prior record")
        return _show_all([row], call)[0]


def _day(pointer: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        found = fault(pointer, "date", "a day that exists, YYYY-MM-DD", text)
        raise ApiError("value_invalid", errors=[found]) from exc


def _show_all(rows: Sequence[models.PriorRecord], call: Call) -> list[PriorRecord]:
    called = references(call.organization, [row.performer_id for row in rows])
    return [
        PriorRecord(
            id=row.id,
            livemode=row.livemode,
            performer=called.get(row.performer_id),
            scan_sha256=row.scan_sha256,
            imported_at=seconds(row.imported_at),
        )
        for row in rows
    ]
