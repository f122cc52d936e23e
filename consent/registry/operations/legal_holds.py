"""Legal holds: a duty to keep what there is about a performer. It stops no ending, only the forgetting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.core.ids import new_id
from consent.core.instants import format_instant
from consent.log.errors import KeyMissingError, RecordDestroyedError
from consent.log.transaction import history_transaction
from consent.registry.errors import Invalid, NotFound, OnLegalHold
from consent.registry.history import performer_event
from consent.registry.locks import lock_performer
from consent.registry.models import LegalHold, Performer
from consent.registry.ports import RegistryPorts
from consent.registry.text import required

PURPOSE = "legal-hold/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold as it may be told to the performer and to operators."""

    id: str
    performer: UUID
    livemode: bool
    ground: str
    until: datetime
    placed_by: str
    placed_at: datetime
    lifted_by: str
    lifted_at: datetime | None


def place_legal_hold(
    ports: RegistryPorts, *, livemode: bool, performer: UUID, ground: str, until: datetime, placed_by: str
) -> str:
    """Keep everything about a performer until an instant; returns `hld_…`. The performer reads the ground.

    Raises:
        NotFound: no such performer. Invalid: no ground, no name, or an instant that has passed.
    """
    required(ground, "/ground", max_chars=1000, lines=True)
    required(placed_by, "/placed_by", max_chars=100)
    at = ports.clock()
    if until <= at:
        raise Invalid(
            pointer="/until", rule="future", expected="an instant to come", got=format_instant(until)
        )
    hold = new_id("hld", random=ports.log.random)
    with history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        LegalHold.objects.create(
            id=hold,
            performer=person,
            livemode=livemode,
            record=person.record,
            sealed=ports.log.sealer.seal(person.record, ground.encode(), purpose=PURPOSE + hold),
            until=until,
            placed_by=placed_by,
            placed_at=at,
        )
        said = {"hold": hold, "ground": ground, "until": format_instant(until), "actor": placed_by}
        tx.append(performer_event("legal_hold.placed", person, said, denies=False))
    return hold


def lift_legal_hold(ports: RegistryPorts, *, hold: str, lifted_by: str) -> None:
    """End a hold before its day. Lifted before is fine.

    Raises:
        NotFound: no such hold. Invalid: no name.
    """
    required(lifted_by, "/lifted_by", max_chars=100)
    found = LegalHold.objects.filter(id=hold).first()
    if found is None:
        raise NotFound("no such hold")
    with history_transaction(found.livemode, ports.log) as tx:
        person = lock_performer(found.performer_id, livemode=found.livemode)
        changed = LegalHold.objects.filter(id=hold, lifted_at=None).update(
            lifted_at=ports.clock(), lifted_by=lifted_by
        )
        if changed != 1:
            tx.nothing_changed()
            return
        said = {"hold": hold, "actor": lifted_by}
        tx.append(performer_event("legal_hold.lifted", person, said, denies=False))


def holds_on(ports: RegistryPorts, *, performer: UUID | None = None, standing: bool = True) -> Sequence[Hold]:
    """Holds, of one performer or of all, the longest first; `standing` leaves out those that are over."""
    rows = LegalHold.objects.order_by("-until", "id")
    if performer is not None:
        rows = rows.filter(performer_id=performer)
    if standing:
        rows = rows.filter(lifted_at=None, until__gt=ports.clock())
    return [_opened(row, ports) for row in rows]


def require_no_hold(ports: RegistryPorts, person: Performer) -> None:
    """Nothing has to be kept of this performer.

    Raises:
        OnLegalHold: names the hold that stands longest.
    """
    holds = holds_on(ports, performer=person.id)
    if holds:
        raise OnLegalHold(hold=holds[0].id, ground=holds[0].ground, until=holds[0].until)


def _opened(row: LegalHold, ports: RegistryPorts) -> Hold:
    try:
        ground = ports.log.sealer.open(row.record, bytes(row.sealed), purpose=PURPOSE + row.id).decode()
    except (KeyMissingError, RecordDestroyedError):
        ground = ""  # being erased
    return Hold(
        id=row.id,
        performer=row.performer_id,
        livemode=row.livemode,
        ground=ground,
        until=row.until,
        placed_by=row.placed_by,
        placed_at=row.placed_at,
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
    )
