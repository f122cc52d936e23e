"""Every kind of thing that the registry keeps of a performer, section by section, in plain words.

Nothing internal and nobody else's name is in it. A test compares the sections with the list of what an erasure
destroys (`consent.registry.erasure.inventory`): a kind that is kept and not told is a fault.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db.models import Model

from consent.log.models import Outbox
from consent.registry.models import (
    CheckCount,
    ExternalId,
    GrantHold,
    IdentityCheck,
    Limits,
    PairwiseReference,
    Passkey,
    PendingRevocation,
    PriorRecord,
    RecoveryCode,
    StageName,
    Statement,
)
from consent.registry.operations.import_prior_record import PURPOSE as PRIOR_PURPOSE
from consent.registry.operations.legal_holds import holds_on
from consent.registry.operations.read_package import opened_statement
from consent.registry.ports import RegistryPorts
from consent.registry.queries.events import events_of_performer
from consent.registry.queries.pages import ConsentRow, consents_page
from consent.registry.queries.performer import credentials_of, offers_to
from consent.registry.stored_json import from_bytes
from consent.web.who import SignedInPerformer
from signing.encoding import b64u

AT_ONCE = 100
Told = Iterator[Mapping[str, Any]]
Section = Callable[[RegistryPorts, SignedInPerformer], Told]


def _columns(model: type[Model], order: str, **columns: str) -> Section:
    """A section of one table's rows: names in the file to columns."""

    def section(ports: RegistryPorts, me: SignedInPerformer) -> Told:
        rows = model._default_manager.filter(performer_id=me.performer).order_by(order, "pk")
        for values in rows.values_list(*columns.values()).iterator(chunk_size=AT_ONCE):
            yield dict(zip(columns, values, strict=True))

    return section


def _keys(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    for row in credentials_of(me.performer):
        yield {
            "credential": row.id,
            "label": row.label,
            "kind": row.kind,
            "public_key": row.public_key,
            "state": row.state,
            "introduced_by": row.introduced_by,
            "created_at": row.created_at,
            "usable_from": row.usable_from,
            "blocked_at": row.blocked_at,
        }


def _passkeys(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    for row in Passkey.objects.filter(performer_id=me.performer).order_by("credential_id"):
        yield {
            "credential": row.credential_id,
            "passkey_id": b64u(bytes(row.webauthn_id)),
            "transports": row.transports,
            "backed_up": row.backed_up,
            "last_used_at": row.last_used_at,
        }


def _requests(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    rows = offers_to(me.performer).select_related("organization")
    for row in rows.iterator(chunk_size=AT_ONCE):
        yield {
            "offer": row.id,
            "company": row.organization.legal_name,
            "state": row.state,
            "stage_name": row.performer_name,
            "terms": from_bytes(row.terms),
            "you_wrote": row.requested_changes,
            "sent_at": row.sent_at,
            "first_shown_at": row.viewed_at,
            "closed_at": row.closed_at,
        }


def consent_rows(ports: RegistryPorts, me: SignedInPerformer) -> Iterator[ConsentRow]:
    """Every consent, newest first. A stop is told of when it is enforced: `consents_page` waits for that."""
    after: str | None = None
    while True:
        found = consents_page(ports, performer=me.performer, after=after, limit=AT_ONCE)
        yield from found.rows
        if found.next is None:
            return
        after = found.next


def _consents(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    for row in consent_rows(ports, me):
        opened = opened_statement(Statement.objects.get(id=row.grant), ports)
        yield {
            "grant": row.grant,
            "company": row.organization_name,
            "state": row.state if row.reads != "ended" or row.ended_at else "expired",
            "paused_by": list(row.holders),
            "signed_at": row.signed_at,
            "valid_from": row.valid_from,
            "valid_until": row.valid_until,
            "ended_at": row.ended_at,
            "ends_at": row.ending_at,
            "envelope": opened["envelope"],
            "text": opened["text"],
        }


def _statements(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    rows = Statement.objects.filter(performer_id=me.performer).order_by("received_at", "id")
    for row in rows.iterator(chunk_size=AT_ONCE):
        opened = opened_statement(row, ports)
        opened.pop("text", None)  # with its consent
        yield {"statement": row.id, "kind": row.kind, "received_at": row.received_at, **opened}


def _references(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    rows = PairwiseReference.objects.select_related("organization").filter(performer_id=me.performer)
    for row in rows.order_by("created_at", "id"):
        yield {
            "company": row.organization.legal_name,
            "calls_you": row.reference,
            "since": row.created_at,
        }


def _external_names(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    rows = ExternalId.objects.select_related("organization").filter(performer_id=me.performer)
    for row in rows.order_by("created_at", "id"):
        yield {
            "company": row.organization.legal_name,
            "own_name_for_you": row.external_id,
            "since": row.created_at,
        }


def _paper(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    rows = PriorRecord.objects.select_related("organization").filter(performer_id=me.performer)
    for row in rows.order_by("imported_at", "id"):
        sealed = bytes(row.sealed)
        yield {
            "paper_consent": row.id,
            "company": row.organization.legal_name,
            "scan_sha256": row.scan_sha256,
            "imported_at": row.imported_at,
            **from_bytes(ports.log.sealer.open(row.record, sealed, purpose=PRIOR_PURPOSE)),
        }


def _checks(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    rows = CheckCount.objects.select_related("organization").filter(performer_id=me.performer)
    for row in rows.order_by("day", "id").iterator(chunk_size=AT_ONCE):
        yield {
            "day": row.day,
            "company": row.organization.legal_name,
            "grant": row.grant or None,
            "allowed": row.allowed,
            "denied": row.denied,
        }


def _notices(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    rows = Outbox.objects.filter(performer_id=str(me.performer)).order_by("created_at", "id")
    for row in rows.iterator(chunk_size=AT_ONCE):
        yield {"kind": row.kind, "written_at": row.created_at, "sent_at": row.sent_at}


def _holds(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    for hold in holds_on(ports, performer=me.performer, standing=False):
        yield {
            "ground": hold.ground,
            "until": hold.until,
            "placed_at": hold.placed_at,
            "lifted_at": hold.lifted_at,
        }


def _events(ports: RegistryPorts, me: SignedInPerformer) -> Told:
    before: int | None = None
    while found := events_of_performer(ports, performer=me.performer, before_seq=before, limit=AT_ONCE):
        for event in found:
            yield {"event": event.id, "kind": event.kind, "at": event.at, "body": event.body}
        before = found[-1].seq


SECTIONS: Mapping[str, Section] = {
    "stage_names": _columns(StageName, "id", name="name", since="created_at"),
    "keys": _keys,
    "passkeys": _passkeys,
    "identity_checks": _columns(
        IdentityCheck,
        "checked_at",
        method="method",
        examiner="examiner",
        checked_at="checked_at",
        over_18="over_18",
        evidence_sha256="evidence_sha256",
    ),
    "requests": _requests,
    "consents": _consents,
    "statements": _statements,
    "limits_history": _columns(
        Limits, "version", version="version", statement="statement_id", set_at="set_at"
    ),
    "pauses": _columns(
        GrantHold, "placed_at", grant="grant_id", holder="holder", since="placed_at", until="lifted_at"
    ),
    "pending_endings": _columns(
        PendingRevocation,
        "begun_at",
        grant="grant_id",
        begun_at="begun_at",
        due_at="due_at",
        outcome="outcome",
    ),
    "references": _references,
    "external_names": _external_names,
    "paper_consents": _paper,
    "checks": _checks,
    "notices": _notices,
    "legal_holds": _holds,
    "recovery_sheets": _columns(
        RecoveryCode, "created_at", made_at="created_at", used_at="used_at", replaced_at="replaced_at"
    ),
    "history": _events,
}
