"""The last step of an erasure, once no backup of the key store is left that could open anything again."""

from django.db import IntegrityError

from consent.log.events import NewEvent
from consent.log.models import ErasurePermit
from consent.log.transaction import history_transaction
from consent.registry.erasure.inventory import DELETED, DELETED_LAST
from consent.registry.erasure.permit import permitted
from consent.registry.locks import find_performer_row
from consent.registry.models import Erasure
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
    """
    due = Erasure.objects.filter(completed_at=None, complete_from__lte=ports.clock())
    waiting = list(due.order_by("complete_from")[:limit])
    refused: list[IntegrityError] = []
    for erasure in waiting:
        try:
            _complete(ports, erasure)
        except IntegrityError as exc:
            refused.append(exc)
    if refused:
        raise refused[0]
    return len(waiting)


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
