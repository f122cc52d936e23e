"""The last step of an erasure, once no backup of the key store is left that could open anything again."""

from datetime import datetime

from django.db import IntegrityError

from consent.log import outbox
from consent.log.erasures import KEY_BACKUP_LIFE
from consent.log.events import NewEvent
from consent.log.models import ErasurePermit, Outbox
from consent.log.transaction import history_transaction
from consent.registry.erasure.inventory import DELETED, DELETED_LAST
from consent.registry.erasure.permit import permitted
from consent.registry.locks import find_performer_row
from consent.registry.models import Erasure
from consent.registry.notices import ERASED
from consent.registry.operations.erase_performer import records_of
from consent.registry.ports import RegistryPorts

NOBODY = "00000000-0000-0000-0000-000000000000"
# Whoever has not read the feed for so long gets the whole picture: the entries name nobody any more.
_FEED_FROM = """
INSERT INTO registry_feedstart (livemode, seq)
SELECT %(livemode)s, max(seq) FROM registry_feedentry WHERE performer_id = %(performer)s HAVING max(seq) IS NOT NULL
ON CONFLICT (livemode) DO UPDATE SET seq = greatest(registry_feedstart.seq, EXCLUDED.seq)
"""
_FEED = """
UPDATE registry_feedentry SET performer_id = %(nobody)s, reference = '', "grant" = NULL
WHERE performer_id = %(performer)s
"""
_EVENT = "UPDATE log_event SET performer_id = NULL WHERE performer_id = %(performer)s::text"


def complete_due(ports: RegistryPorts, *, limit: int = 100) -> int:
    """Complete the erasures whose time has come; returns how many. Safe to run anywhere, any number of times.

    Raises:
        IntegrityError: the database refused one; the others are complete.
        KeyStoreUnavailableError: the key store failed; the next call goes on.
    """
    _end_letters(ports)
    _wait_for_letters(ports)
    due = Erasure.objects.filter(completed_at=None, complete_from__lte=ports.clock())
    waiting = list(due.order_by("complete_from")[:limit])
    refused: list[IntegrityError] = []
    for erasure in waiting:
        try:
            if _all_destroyed(ports, erasure):
                _complete(ports, erasure)
        except IntegrityError as exc:
            refused.append(exc)
    if refused:
        raise refused[0]
    return len(waiting)


def _end_letters(ports: RegistryPorts) -> None:
    """A last letter whose time is over does not go out, whether or not anything sends mail here."""
    for row in outbox.claim_expired(ERASED, now=ports.clock()):
        if outbox.give_up(row, error="Expired"):
            outbox.destroy_secret(row, ports.log.sealer)


def _wait_for_letters(ports: RegistryPorts) -> None:
    """An erasure is complete when the last backup has expired that can open the last letter; the page tells it."""
    for erasure in Erasure.objects.filter(completed_at=None, erased_at__isnull=False):
        letter = Outbox.objects.filter(kind=ERASED, event_id=erasure.event).first()
        if letter is not None:
            _complete_not_before(erasure, outbox.secret_gone_at(letter) or ports.clock())


def _all_destroyed(ports: RegistryPorts, erasure: Erasure) -> bool:
    """Whether no key stands of what is sealed about the person. One that came late is destroyed, and waited for.

    Nothing comes in any more once an erasure is begun; an older version may have let something in.
    """
    assert erasure.performer is not None
    late = [
        record
        for record in records_of(erasure.id, erasure.performer)
        if record != erasure.id  # what it says of itself, which names nobody
        and not ports.log.sealer.is_destroyed(record)
    ]
    for record in late:
        ports.log.sealer.destroy(record)
    if late:
        _complete_not_before(erasure, ports.clock())
    return not late


def _complete_not_before(erasure: Erasure, destroyed_at: datetime) -> None:
    until = destroyed_at + KEY_BACKUP_LIFE
    Erasure.objects.filter(id=erasure.id, completed_at=None, complete_from__lt=until).update(
        complete_from=until
    )


def _complete(ports: RegistryPorts, erasure: Erasure) -> None:
    """Remove the last ids, leave a tombstone."""
    performer = erasure.performer
    assert performer is not None
    with history_transaction(erasure.livemode, ports.log) as tx:
        person = find_performer_row(performer, livemode=erasure.livemode)
        row = Erasure.objects.select_for_update().get(id=erasure.id)
        if person is None or row.completed_at is not None:  # another call was faster
            tx.nothing_changed()
            return
        about = {"performer": performer, "livemode": erasure.livemode, "nobody": NOBODY}
        with permitted(erasure.id) as cursor:
            cursor.execute(_FEED_FROM, about)
            cursor.execute(_FEED, about)
            cursor.execute(_EVENT, about)
            # Once more also what came late: counts of checks that were shipped after the rows had gone.
            for table, whose in (*DELETED.items(), *DELETED_LAST.items()):
                cursor.execute(f"DELETE FROM {table} WHERE {whose}", about)  # noqa: S608  # constants
        at = ports.clock()
        Erasure.objects.filter(id=erasure.id).update(performer=None, event=None, completed_at=at)
        ErasurePermit.objects.filter(erasure=erasure.id).update(subject=None, closed_at=at)
        # It names an id that leads to nothing: check processes that still hold it drop what they know.
        tx.append(
            NewEvent(
                kind="performer.forgotten",
                body={"erasure": erasure.id},
                record=erasure.id,
                denies=False,
                performer_id=str(performer),
            )
        )
