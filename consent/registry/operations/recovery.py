"""Recovery codes: printed on a sheet, typed once when every key is lost. And finding people by their address."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from consent.log.errors import KeyMissingError, RecordDestroyedError
from consent.registry import recovery_code
from consent.registry.errors import NotFound, RecoveryCodeSpent
from consent.registry.locks import lock_performer
from consent.registry.models import ContactIndex, IdentityRecord, Performer, RecoveryCode
from consent.registry.operations.enrol_performer import IDENTITY_PURPOSE
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import from_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovering:
    """Whose code it was. They may now add one key that waits for a new identity check, and nothing else."""

    performer: UUID
    livemode: bool


def make_recovery_code(ports: RegistryPorts, *, performer: UUID) -> str:
    """A new code for the performer's sheet, told once; the sheet before it works no more.

    Raises:
        NotFound: no such performer.
    """
    side = Performer.objects.filter(id=performer).values_list("livemode", flat=True).first()
    if side is None:
        raise NotFound("no such performer")
    code = recovery_code.new_code(ports.log.random)
    with transaction.atomic():
        lock_performer(performer, livemode=side)
        now = ports.clock()
        RecoveryCode.objects.filter(performer_id=performer, used_at=None, replaced_at=None).update(
            replaced_at=now
        )
        RecoveryCode.objects.create(
            performer_id=performer,
            livemode=side,
            digest=recovery_code.code_digest(code),
            created_at=now,
        )
    return code


def has_recovery_code(performer: UUID) -> bool:
    """Whether the performer has a sheet that works."""
    return RecoveryCode.objects.filter(performer_id=performer, used_at=None, replaced_at=None).exists()


def use_recovery_code(ports: RegistryPorts, *, code: str) -> Recovering:
    """Use a code up, and say whose it was.

    Raises:
        RecoveryCodeSpent: unknown, used, or replaced by a newer sheet; which of these is not said.
    """
    digest = recovery_code.code_digest(code)
    with transaction.atomic():
        changed = 0
        if digest is not None:
            changed = RecoveryCode.objects.filter(digest=digest, used_at=None, replaced_at=None).update(
                used_at=ports.clock()
            )
        if changed != 1:
            raise RecoveryCodeSpent("this recovery code does not work", pointer="/code")
        row = RecoveryCode.objects.get(digest=digest)
    return Recovering(performer=row.performer_id, livemode=row.livemode)


def find_by_email(ports: RegistryPorts, *, email: str) -> Sequence[Recovering]:
    """Everybody, on both sides, whose address this is; the caller mails, and says the same if there is nobody."""
    found = []
    for side in (True, False):
        digest = ports.contacts.digest(email, livemode=side)
        rows = ContactIndex.objects.filter(digest=digest, livemode=side).order_by("performer")
        found += [Recovering(performer=row.performer_id, livemode=side) for row in rows]
    return found


def index_contacts(ports: RegistryPorts, *, limit: int = 1000) -> int:
    """Index performers who came before there was an index; how many. Safe to run any number of times."""
    indexed = ContactIndex.objects.values("performer")
    rows = IdentityRecord.objects.exclude(performer__in=indexed).order_by("performer")[:limit]
    made = 0
    for row in rows:
        try:
            sealed = ports.log.sealer.open(row.record, bytes(row.sealed), purpose=IDENTITY_PURPOSE)
        except (KeyMissingError, RecordDestroyedError):
            continue
        opened = from_bytes(sealed)
        made += 1
        ContactIndex.objects.get_or_create(
            performer_id=row.performer_id,
            defaults={
                "livemode": row.livemode,
                "digest": ports.contacts.digest(opened["email"], livemode=row.livemode),
            },
        )
    return made
