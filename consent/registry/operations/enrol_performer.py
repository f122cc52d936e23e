"""A performer enters with a first key, stage names, and an identity record that nobody but an examiner reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from consent.core.ids import new_id
from consent.registry.errors import CredentialTaken, Invalid
from consent.registry.models import ContactIndex, Credential, IdentityRecord, Performer, StageName
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import to_bytes
from consent.registry.text import required
from signing.keys import PublicKey

IDENTITY_PURPOSE = "identity"
MAX_STAGE_NAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """The internal id, which stays inside, and the first key, which waits for the identity check."""

    performer: UUID
    credential: str
    thumbprint: str


def enrol_performer(
    ports: RegistryPorts,
    *,
    livemode: bool,
    public_key: PublicKey,
    kind: str,
    legal_name: str,
    birth_date: date,
    email: str,
    stage_names: Sequence[str],
    label: str,
    backup_eligible: bool | None = None,
) -> Enrolled:
    """Record a person and their first key. The caller has checked that they hold the private key.

    `kind` is "ed25519" or "passkey"; `backup_eligible` is the passkey's BE flag. No answer changes, so
    nothing enters the history before the identity check.

    Raises:
        Invalid: an empty name, a birth date that lies ahead, a key of another kind.
        CredentialTaken: the key is enrolled already, on whichever side.
    """
    check_key(public_key, kind=kind, backup_eligible=backup_eligible)
    required(label, "/label", max_chars=100)
    person = new_person(
        ports,
        livemode=livemode,
        legal_name=legal_name,
        birth_date=birth_date,
        email=email,
        stage_names=stage_names,
    )
    credential = new_id("cre", random=ports.log.random)
    with transaction.atomic(durable=True):
        insert_person(person)
        insert_pending_credential(
            credential,
            performer=person.performer.id,
            livemode=livemode,
            public_key=public_key,
            kind=kind,
            backup_eligible=backup_eligible,
            label=label,
            ports=ports,
        )
    return Enrolled(performer=person.performer.id, credential=credential, thumbprint=public_key.thumbprint)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Rows of somebody new that are not stored yet; the identity is sealed already. It does not print."""

    performer: Performer
    identity: IdentityRecord
    contact: ContactIndex
    stage_names: tuple[StageName, ...]

    def __repr__(self) -> str:
        return "NewPerson()"


def new_person(
    ports: RegistryPorts,
    *,
    livemode: bool,
    legal_name: str,
    birth_date: date,
    email: str,
    stage_names: Sequence[str],
) -> NewPerson:
    """Check what somebody says about themselves, and seal what only an examiner may read.

    Raises:
        Invalid: an empty name, a birth date that lies ahead, no stage name or one twice.
    """
    names = _stage_names(stage_names)
    required(legal_name, "/identity/legal_name", max_chars=200)
    required(email, "/identity/email", max_chars=254)
    now = ports.clock()
    if birth_date >= now.date():
        raise Invalid(pointer="/identity/birth_date", rule="past", expected="a past day", got="a later one")
    record = f"identity-{uuid4().hex}"
    sealed = ports.log.sealer.seal(
        record,
        to_bytes({"birth_date": birth_date.isoformat(), "email": email, "legal_name": legal_name}),
        purpose=IDENTITY_PURPOSE,
    )
    row = Performer(id=uuid4(), livemode=livemode, record=f"performer-{uuid4().hex}", created_at=now)
    return NewPerson(
        performer=row,
        identity=IdentityRecord(performer_id=row.id, livemode=livemode, record=record, sealed=sealed),
        contact=ContactIndex(
            performer_id=row.id, livemode=livemode, digest=ports.contacts.digest(email, livemode=livemode)
        ),
        stage_names=tuple(
            StageName(performer_id=row.id, livemode=livemode, name=name, created_at=now) for name in names
        ),
    )


def insert_person(person: NewPerson) -> Performer:
    """Store the rows, within a transaction."""
    for row in (person.performer, person.identity, person.contact):
        row.save(force_insert=True)
    StageName.objects.bulk_create(person.stage_names)
    return person.performer


def insert_pending_credential(
    credential: str,
    *,
    performer: UUID,
    livemode: bool,
    public_key: PublicKey,
    kind: str,
    backup_eligible: bool | None,
    label: str,
    ports: RegistryPorts,
) -> None:
    """Add a key that can do nothing before an identity check covers it; CredentialTaken if it exists."""
    try:
        with transaction.atomic():
            Credential.objects.create(
                id=credential,
                performer_id=performer,
                livemode=livemode,
                thumbprint=public_key.thumbprint,
                public_key=public_key.to_jwk(),
                kind=kind,
                backup_eligible=backup_eligible,
                state="pending",
                label=label,
                created_at=ports.clock(),
            )
    except IntegrityError as exc:
        raise CredentialTaken("this key is enrolled already") from exc


def check_key(public_key: PublicKey, *, kind: str, backup_eligible: bool | None) -> None:
    """A software key is Ed25519; a passkey says whether it can be backed up. Invalid otherwise."""
    fits = {"ed25519": public_key.alg == "EdDSA" and backup_eligible is None}
    fits["passkey"] = backup_eligible is not None
    if not fits.get(kind, False):
        raise Invalid(
            pointer="/public_key",
            rule="credential_kind",
            expected="an Ed25519 key or a passkey",
            got=kind[:16],
        )


def _stage_names(stage_names: Sequence[str]) -> list[str]:
    if not 1 <= len(stage_names) <= MAX_STAGE_NAMES or len(set(stage_names)) != len(stage_names):
        raise Invalid(
            pointer="/stage_names",
            rule="set",
            expected=f"1 to {MAX_STAGE_NAMES} different names",
            got=str(len(stage_names)),
        )
    return [required(name, f"/stage_names/{place}", max_chars=120) for place, name in enumerate(stage_names)]
