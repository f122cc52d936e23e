"""The grant package: one file that proves the consent. Its countersignature is made when it is first read."""

from typing import Any
from uuid import UUID

from consent.log.errors import StoreUnavailableError
from consent.log.events import open_event
from consent.log.models import Event
from consent.log.publishing.entry_proof import proof_of
from consent.registry.errors import NotFound
from consent.registry.models import Countersignature as CountersignatureRow
from consent.registry.models import Credential, Grant, Statement
from consent.registry.ports import RegistryPorts
from consent.registry.statements import STATEMENT_PURPOSE
from consent.registry.status_slots import status_uri
from consent.registry.stored_json import from_bytes
from consent.registry.text import is_storable
from signing.canonical import JSON
from signing.countersignature import Countersignature, sign_countersignature
from signing.encoding import unb64u
from signing.envelope import Envelope, read_envelope
from signing.errors import SigningError
from signing.key_chain import MAX_LINKS, performer_link, registry_link
from signing.keys import PublicKey
from signing.logged_event import LoggedEvent
from signing.package import Package, format_package
from signing.statement import verify_statement


class PackageBrokenError(Exception):
    """What is stored of a grant does not verify any more; nothing is countersigned. Names the grant only."""


def read_package(
    ports: RegistryPorts,
    *,
    livemode: bool,
    grant: str,
    organization: str | None = None,
    performer: UUID | None = None,
) -> bytes:
    """The package of a grant, for its licensee, a signed recipient's licensee or its performer.

    The performer's own signature is verified again before the registry countersigns.

    Raises:
        NotFound: no such grant of this organization or performer.
        PackageBrokenError: what is stored does not verify.
        KeyStoreError: it was erased, or the key store failed.
    """
    row = _find(grant, livemode=livemode, organization=organization, performer=performer)
    statement = Statement.objects.get(id=row.id)
    envelope = read_envelope(opened_statement(statement, ports)["envelope"])
    _verify_again(row, envelope, ports)
    event = Event.objects.get(event_id=statement.event)
    return format_package(
        Package(
            envelope=envelope,
            key_chain=tuple(_key_chain(row.credential, ports)),
            registry=_countersignature(row, statement, event, ports),
            proof=logged_event(event, ports),
        )
    )


def logged_event(row: Event, ports: RegistryPorts) -> LoggedEvent | None:
    """The event with the log's proof of it; None while the log is not published so far, or its store does not answer.

    Raises:
        HistoryBrokenError: it does not open to its entry.
        SealError, KeyStoreError: it cannot be opened.
    """
    opened = open_event(row, ports=ports.log)
    try:
        proof = proof_of(
            row.seq,
            entry=opened.entry,
            registry=ports.origin,
            livemode=row.livemode,
            objects=ports.log.objects,
        )
    except StoreUnavailableError:
        return None
    if proof is None:
        return None
    return LoggedEvent(tlog_proof=proof.format().decode(), event=opened.event, salt=opened.salt)


def opened_statement(statement: Statement, ports: RegistryPorts) -> dict[str, Any]:
    """What was sealed of a statement: `envelope` (or `introduction`), and the `text` shown with a grant."""
    sealed = bytes(statement.sealed)
    opened: dict[str, Any] = from_bytes(
        ports.log.sealer.open(statement.record, sealed, purpose=STATEMENT_PURPOSE + statement.id)
    )
    return opened


def _find(grant: str, *, livemode: bool, organization: str | None, performer: UUID | None) -> Grant:
    row = None
    if is_storable(grant) and (organization is not None or performer is not None):
        rows = Grant.objects.select_related("credential").filter(id=grant, livemode=livemode)
        if organization is not None:
            rows = rows.filter(organization_id=organization)
        if performer is not None:
            rows = rows.filter(performer_id=performer)
        row = rows.first()
    if row is None:
        raise NotFound("no such grant")
    return row


def _verify_again(row: Grant, envelope: Envelope, ports: RegistryPorts) -> None:
    """The registry countersigns only what the performer's key signed, whatever the rows say."""
    if (envelope.kind, envelope.body["id"], envelope.body_sha256) != ("grant", row.id, row.grant_sha256):
        raise PackageBrokenError(f"the stored statement is not that of {row.id}")
    try:
        verify_statement(
            envelope,
            expected_performer_key=PublicKey.from_jwk(row.credential.public_key),
            expected_livemode=row.livemode,
            rp=ports.rp if row.credential.kind == "passkey" else None,
        )
    except SigningError as exc:
        raise PackageBrokenError(f"the stored signature of {row.id} does not verify") from exc


def _key_chain(credential: Credential, ports: RegistryPorts) -> list[JSON]:
    """From the performer's first key to `credential`, each with whoever introduced it."""
    links: list[JSON] = []
    at: Credential | None = credential
    while at is not None and len(links) < MAX_LINKS:
        statement = Statement.objects.get(id=at.statement)
        opened = opened_statement(statement, ports)
        if "introduction" in opened:
            body = _payload(opened["introduction"])
            links.append(
                registry_link(
                    opened["introduction"],
                    examiner=body["examiner"],
                    evidence_sha256=body["evidence_sha256"],
                )
            )
            former = body.get("replaces")
        else:
            envelope = read_envelope(opened["envelope"])
            links.append(performer_link(envelope))
            former = envelope.body["by_credential"]
        at = None if former is None else Credential.objects.get(thumbprint=former)
    return links[::-1]


def _payload(jws: str) -> dict[str, Any]:
    payload: dict[str, Any] = from_bytes(unb64u(jws.split(".")[1]))
    return payload


def _countersignature(row: Grant, statement: Statement, event: Event, ports: RegistryPorts) -> str:
    """The kept countersignature, made by whoever reads first."""
    kept = CountersignatureRow.objects.filter(grant=row).values_list("jws", flat=True).first()
    if kept is not None:
        return kept
    jws = sign_countersignature(
        Countersignature(
            grant=row.id,
            grant_sha256=row.grant_sha256,
            seq=event.seq,
            recorded_at=statement.received_at,
            status_uri=status_uri(ports.origin, livemode=row.livemode, status_list=row.status_list),
            status_idx=row.status_index,
            livemode=row.livemode,
        ),
        signer=ports.signers[row.livemode].registry,
    )
    stored, _ = CountersignatureRow.objects.get_or_create(
        grant=row, defaults={"livemode": row.livemode, "jws": jws}
    )
    return str(stored.jws)
