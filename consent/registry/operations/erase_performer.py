"""Forgetting a person: every consent ends first, then the keys of all that is sealed go, then the rows.

Each step is committed before the next and may be repeated: whoever died in the middle is continued by anybody
(`finish_begun`), and from the first step on every check denies and nothing more is written about the person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection

from consent.core.ids import new_id
from consent.core.states import GrantEvent
from consent.log.erasures import KEY_BACKUP_LIFE
from consent.log.errors import KeyMissingError, RecordDestroyedError
from consent.log.events import ERASED, NewEvent
from consent.log.models import ErasurePermit, Outbox
from consent.log.transaction import HistoryTransaction, history_transaction
from consent.registry.answers import enforced, seen
from consent.registry.erasure.inventory import DELETED, RECORDS
from consent.registry.erasure.permit import permitted
from consent.registry.errors import Invalid, NotFound
from consent.registry.lifecycle import end, record_ending
from consent.registry.locks import find_performer_row, lock_grants
from consent.registry.models import Credential, Erasure, Grant, OneUseLink, Performer
from consent.registry.models.erasure import GROUNDS
from consent.registry.models.grant import LIVING
from consent.registry.notices import send_erased_mail
from consent.registry.operations.legal_holds import require_no_hold
from consent.registry.operations.revoke_grant import close_pending
from consent.registry.ports import RegistryPorts
from consent.registry.queries.identity import identity_of

PERFORMER: Final = "performer"
LETTER_LIFE = timedelta(days=1)  # of the last letter: as long as it waits, the erasure cannot be complete
ForgetElsewhere = Callable[[UUID], None]
_AUTHORITIES = {"performer": "passkey"}  # by which consents end; whatever is no performer's is the operator's


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """`enforced_at`: from when every check denies; `complete_from`: when the last backup of the keys has expired."""

    erasure: str
    enforced_at: datetime | None
    erased_at: datetime
    complete_from: datetime


def erase_performer(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    ground: str = PERFORMER,
    decided_by: str = PERFORMER,
    elsewhere: Sequence[ForgetElsewhere] = (),
) -> Erased:
    """Forget a person, for good. `elsewhere` forgets what others keep of them: the pages' sessions.

    Asked again it goes on where it stopped.

    Raises:
        NotFound: no such performer on this side. Invalid: an unknown ground.
        OnLegalHold: something has to be kept, and until when.
        KeyStoreUnavailableError, StoreError: a store failed; what was begun goes on with the next call.
    """
    if ground not in GROUNDS:
        raise Invalid(pointer="/ground", rule="known", expected=", ".join(GROUNDS), got=ground[:16])
    begun = Erasure.objects.filter(performer=performer, livemode=livemode).first()
    if begun is None:
        begun = _begin(ports, livemode=livemode, performer=performer, ground=ground, decided_by=decided_by)
    return go_on(ports, begun, elsewhere=elsewhere)


def erase_again(performer: UUID, *, ports: RegistryPorts, elsewhere: Sequence[ForgetElsewhere] = ()) -> None:
    """Erase whom a restored backup brought back; nothing if this database knows them no more.

    Their keys may be destroyed already, and no hold stands against it: the decision was taken before.
    """
    row = Performer.objects.filter(id=performer).first()
    if row is None:
        return
    begun = Erasure.objects.filter(performer=performer).first()
    if begun is None:
        begun = _begin(
            ports, livemode=row.livemode, performer=performer, ground="restored", decided_by="restore"
        )
    if begun.erased_at is None:
        go_on(ports, begun, elsewhere=elsewhere)


def finish_begun(ports: RegistryPorts, *, elsewhere: Sequence[ForgetElsewhere] = (), limit: int = 10) -> int:
    """Go on with erasures whose worker died; returns how many. Safe to run anywhere, any number of times.

    Raises:
        IntegrityError: the database refused one; the others were gone on with.
        KeyStoreUnavailableError, StoreError: a store failed; what was begun goes on with the next call.
    """
    waiting = list(Erasure.objects.filter(erased_at=None).order_by("begun_at")[:limit])
    refused: list[IntegrityError] = []
    for begun in waiting:
        try:
            go_on(ports, begun, elsewhere=elsewhere)
        except IntegrityError as exc:
            refused.append(exc)
    if refused:
        raise refused[0]
    return len(waiting)


def go_on(ports: RegistryPorts, begun: Erasure, *, elsewhere: Sequence[ForgetElsewhere]) -> Erased:
    """Every step after the first, of an erasure that was begun."""
    assert begun.event is not None and begun.performer is not None  # not complete: it still says whom
    enforced_at = enforced(seen(begun.event, ports=ports), ports)
    for forget in elsewhere:
        forget(begun.performer)
    if begun.erased_at is None:
        # Crash from here on: the rows still say which keys there are, and destroying one twice does no harm.
        destroyed = set[str]()
        while standing := _forget_rows(ports, begun, destroyed=destroyed):
            noted = [*sorted(destroyed | standing), letter_record(begun.id)]
            ports.log.erasures.note(at=ports.clock(), performer=begun.performer, records=noted)
            for record in sorted(standing):
                ports.log.sealer.destroy(record)
            destroyed |= standing
        begun.refresh_from_db()
    assert begun.erased_at is not None and begun.complete_from is not None
    return Erased(
        erasure=begun.id,
        enforced_at=enforced_at,
        erased_at=begun.erased_at,
        complete_from=begun.complete_from,
    )


def _begin(ports: RegistryPorts, *, livemode: bool, performer: UUID, ground: str, decided_by: str) -> Erasure:
    """The decision, the end of every consent and key, and the last letter, in one transaction."""
    erasure = new_id("era", random=ports.log.random)
    with history_transaction(livemode, ports.log) as tx:
        person = find_performer_row(performer, livemode=livemode)
        if person is None:
            raise NotFound("no such performer on this side")
        begun = Erasure.objects.filter(performer=performer).first()
        if begun is not None:  # another call was faster
            tx.nothing_changed()
            return begun
        if ground != "restored":
            require_no_hold(ports, person)
        at = ports.clock()
        # What is said from now on is sealed apart: the person's own key may be gone already (`erase_again`).
        person.record = ending_record(erasure)
        _end_everything(tx, person, authority=_AUTHORITIES.get(ground, "operator"), at=at)
        event = tx.append(_event("performer.erasing", person, erasure=erasure, ground=ground, denies=True))
        _say_goodbye(ports, person, erasure=erasure, event=event)
        Performer.objects.filter(id=performer).update(erasing_at=at)
        ErasurePermit.objects.create(erasure=erasure, livemode=livemode, subject=str(performer))
        return Erasure.objects.create(
            id=erasure,
            livemode=livemode,
            performer=performer,
            ground=ground,
            decided_by=decided_by,
            event=event,
            begun_at=at,
        )


def ending_record(erasure: str) -> str:
    """The key-store record of what an erasure itself says; destroyed with the rest."""
    return f"ending-{erasure}"


def letter_record(erasure: str) -> str:
    """The key-store record of the last letter. It outlives the others until the letter has left, in no restore."""
    return f"letter-{erasure}"


def _end_everything(tx: HistoryTransaction, person: Performer, *, authority: str, at: datetime) -> None:
    Credential.objects.filter(performer=person, state__in=("active", "pending")).update(
        state="blocked", blocked_at=at
    )
    living = Grant.objects.filter(performer=person, state__in=LIVING).values_list("id", flat=True)
    for grant in lock_grants(list(living), performer=person.id).values():
        event = end(tx, grant, person, GrantEvent.REVOKE, at=at, authority=authority, said={})
        record_ending(grant, GrantEvent.REVOKE, at=at, authority=authority, event_id=event, statement=None)
        close_pending(grant, at=at)
    # One letter says all of it, and whoever holds a mailed link finds nobody.
    Outbox.objects.filter(performer_id=str(person.id), sent_at=None).delete()
    OneUseLink.objects.filter(performer=person).delete()


def _say_goodbye(ports: RegistryPorts, person: Performer, *, erasure: str, event: str) -> None:
    """The last letter, with the address sealed in it: soon there is no other place that has it."""
    try:
        email = identity_of(ports, performer=person.id).email
    except (KeyMissingError, RecordDestroyedError, NotFound):
        return
    send_erased_mail(
        ports,
        livemode=person.livemode,
        email=email,
        erasure=erasure,
        record=letter_record(erasure),
        event=event,
        expires_at=ports.clock() + LETTER_LIFE,
    )


def records_of(erasure: str, performer: UUID) -> set[str]:
    """Every record of the key store that seals something about the person, except the last letter's."""
    found = {ending_record(erasure)}
    with connection.cursor() as cursor:
        for query in RECORDS.values():
            cursor.execute(query, {"performer": performer})
            found |= {row[0] for row in cursor.fetchall()}
    return found


def _forget_rows(ports: RegistryPorts, begun: Erasure, *, destroyed: set[str]) -> set[str]:
    """Remove every row, blank every event, and tell the history that there is nobody any more.

    Changes nothing while something about the person is sealed under a key that is not in `destroyed`, and returns
    those keys: they are looked for with the person locked, so that nothing comes in between.
    """
    assert begun.performer is not None
    with history_transaction(begun.livemode, ports.log) as tx:
        person = find_performer_row(begun.performer, livemode=begun.livemode)
        row = Erasure.objects.select_for_update().get(id=begun.id)
        if person is None or row.erased_at is not None:  # another call was faster
            tx.nothing_changed()
            return set()
        standing = records_of(begun.id, begun.performer) - destroyed
        if standing:
            tx.nothing_changed()
            return standing
        at = ports.clock()
        with permitted(begun.id) as cursor:
            about = {"performer": begun.performer}
            cursor.execute(
                "UPDATE registry_offer SET replaces_id = NULL WHERE performer_id IS DISTINCT FROM %(performer)s "
                "AND replaces_id IN (SELECT id FROM registry_offer WHERE performer_id = %(performer)s)",
                about,
            )
            for table, whose in DELETED.items():
                cursor.execute(f"DELETE FROM {table} WHERE {whose}", about)  # noqa: S608  # constants
            cursor.execute(
                "UPDATE log_event SET kind = %(erased)s, record = %(erased)s, sealed = '', performer_id = NULL, "
                "organization_id = NULL, grant_id = NULL WHERE performer_id = %(performer)s::text",
                {**about, "erased": ERASED},
            )
        Performer.objects.filter(id=begun.performer).update(limits_version=0, deceased_at=None)
        person.record = begun.id
        tx.append(_event("performer.erased", person, erasure=begun.id, ground=begun.ground, denies=False))
        Erasure.objects.filter(id=begun.id, erased_at=None).update(
            erased_at=at, complete_from=at + KEY_BACKUP_LIFE
        )
    return set()


def _event(kind: str, person: Performer, *, erasure: str, ground: str, denies: bool) -> NewEvent:
    """A step of an erasure: it names the decision and nobody."""
    body = {"erasure": erasure, "ground": ground}
    return NewEvent(kind=kind, body=body, record=person.record, denies=denies, performer_id=str(person.id))
