"""Who waits for an identity check, with what an examiner compares with the document; and a person's own record.

Nobody else may read these: names belong on the examiner's screen, and to the person themselves.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Min

from consent.log.errors import KeyMissingError, RecordDestroyedError
from consent.registry.models import Credential, IdentityCheck, IdentityRecord, StageName
from consent.registry.operations.enrol_performer import IDENTITY_PURPOSE
from consent.registry.passkey_rows import made_in_recovery
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import from_bytes

ADULT_YEARS = 18
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What was said at sign-up. It does not print."""

    legal_name: str
    birth_date: date
    email: str

    def __repr__(self) -> str:
        return "Person()"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingKey:
    """A key that an identity check would cover; `label` is the performer's own word for it. `recovered`: it was
    made by whoever had a recovery sheet or the mailbox, so it is theirs only if they show it."""

    credential: str
    thumbprint: str
    kind: str
    label: str
    created_at: datetime
    recovered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPerson:
    """One performer in the queue.

    `adult`: 18 today by the date they gave. `recovering`: they were examined before, so that covering one
    of these keys switches every other off.
    """

    performer: UUID
    livemode: bool
    person: Person
    adult: bool
    stage_names: tuple[str, ...]
    recovering: bool
    since: datetime
    keys: tuple[WaitingKey, ...]


def is_adult(birth_date: date, *, on: date) -> bool:
    """Whether somebody born then is 18 on that day; who was born on 29 February is so on 1 March."""
    return (on.year - birth_date.year, on.month, on.day) >= (ADULT_YEARS, birth_date.month, birth_date.day)


def identity_of(ports: RegistryPorts, *, performer: UUID) -> Person:
    """What a performer said of themselves at sign-up.

    Raises:
        RecordDestroyedError: it was erased.
    """
    row = IdentityRecord.objects.get(performer_id=performer)
    read = from_bytes(ports.log.sealer.open(row.record, bytes(row.sealed), purpose=IDENTITY_PURPOSE))
    return Person(
        legal_name=read["legal_name"],
        birth_date=date.fromisoformat(read["birth_date"]),
        email=read["email"],
    )


def waiting_identity(
    ports: RegistryPorts, *, livemode: bool | None = None, limit: int = 100, offset: int = 0
) -> Sequence[WaitingPerson]:
    """Who waits for an examiner, longest first; one side, or both. The first `offset` people are left out."""
    pending = Credential.objects.filter(state="pending")
    if livemode is not None:
        pending = pending.filter(livemode=livemode)
    people = (
        pending.values("performer_id").annotate(since=Min("created_at")).order_by("since", "performer_id")
    )
    return _read(ports, list(people.values_list("performer_id", flat=True)[offset : offset + limit]))


def waiting_with_key(ports: RegistryPorts, *, credential: str) -> WaitingPerson | None:
    """The person whose pending key this is (`cre_…` or a thumbprint); None if it waits for nothing."""
    pending = Credential.objects.filter(state="pending")
    row = pending.filter(id=credential).first() or pending.filter(thumbprint=credential).first()
    if row is None:
        return None
    return next(iter(_read(ports, [row.performer_id])), None)


def count_waiting_identity(*, livemode: bool | None = None) -> int:
    """How many people wait."""
    pending = Credential.objects.filter(state="pending")
    if livemode is not None:
        pending = pending.filter(livemode=livemode)
    return pending.values("performer_id").distinct().count()


def _read(ports: RegistryPorts, performers: Sequence[UUID]) -> list[WaitingPerson]:
    keys: dict[UUID, list[Credential]] = {}
    for row in Credential.objects.filter(performer__in=performers, state="pending").order_by(
        "created_at", "id"
    ):
        keys.setdefault(row.performer_id, []).append(row)
    names: dict[UUID, list[str]] = {}
    for performer, name in (
        StageName.objects.filter(performer__in=performers)
        .order_by("created_at", "id")
        .values_list("performer_id", "name")
    ):
        names.setdefault(performer, []).append(name)
    examined = set(
        IdentityCheck.objects.filter(performer__in=performers, over_18=True).values_list(
            "performer_id", flat=True
        )
    )
    recovered = made_in_recovery(performers)
    today = ports.clock().date()
    found = []
    for performer in performers:
        waiting = keys.get(performer)
        if waiting is None:
            continue  # somebody decided a moment ago
        try:
            person = identity_of(ports, performer=performer)
        except RecordDestroyedError:
            continue  # erased while they waited: nobody is left to examine
        except KeyMissingError:
            # One lost key must not keep everybody else waiting.
            _log.warning("what performer %s said at sign-up cannot be read: its key is missing", performer)
            continue
        found.append(
            WaitingPerson(
                performer=performer,
                livemode=waiting[0].livemode,
                person=person,
                adult=is_adult(person.birth_date, on=today),
                stage_names=tuple(names.get(performer, ())),
                recovering=performer in examined,
                since=waiting[0].created_at,
                keys=tuple(
                    WaitingKey(
                        credential=row.id,
                        thumbprint=row.thumbprint,
                        kind=row.kind,
                        label=row.label,
                        created_at=row.created_at,
                        recovered=row.id in recovered,
                    )
                    for row in waiting
                ),
            )
        )
    return found
