"""The outbox: notices are written with their events, claimed by one worker at a time, and marked once they left.

The table is the queue of record, so nothing but the database has to survive. What becomes of a row is a
condition on what it was, committed by itself, by the database's clock.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now

from consent.core.ids import new_id
from consent.log.errors import NestedTransactionError, OutsideTransactionError
from consent.log.models import Outbox
from consent.log.sealing import Sealer

CLAIM = timedelta(seconds=60)  # longer than any delivery may take; a dead worker's row is due again after it
HINT = timedelta(seconds=30)  # a row that was hinted and not claimed is hinted again
LIFE = timedelta(days=3)  # from then on a delivery that fails is given up
KEEP = timedelta(days=30)  # of rows that are done with
SEAL_PURPOSE = "outbox"

_OPEN = Q(sent_at=None, given_up_at=None)


def put(
    kind: str,
    *,
    livemode: bool,
    secret: tuple[Sealer, str, bytes] | None = None,
    expires_at: datetime | None = None,
    random: Callable[[int], bytes] | None = None,
    **about: str | None,
) -> str:
    """Write a notice into the caller's transaction; returns its id. It is due once that has committed.

    `about` are ids: `event_id`, `performer_id`, `grant`, `offer`, `invitation`, `credential`. `secret` is
    what has to travel: a sealer, the record to seal it under (empty: one of the notice's own) and the bytes.
    The record's key is destroyed once the notice has left, or been given up.

    Raises:
        OutsideTransactionError: there is no transaction whose fate the notice could share.
        KeyStoreError: the secret cannot be sealed.
    """
    if not connection.in_atomic_block:
        raise OutsideTransactionError("a notice is written in the transaction of what it tells of")
    outbox_id = new_id("out") if random is None else new_id("out", random=random)
    sealed: dict[str, Any] = {}
    if secret is not None:
        sealer, record, plain = secret
        record = record or outbox_id
        sealed = {"record": record, "sealed": sealer.seal(record, plain, purpose=SEAL_PURPOSE)}
    Outbox.objects.create(
        id=outbox_id, livemode=livemode, kind=kind, expires_at=expires_at, **about, **sealed
    )
    return outbox_id


def open_secret(row: Outbox, sealer: Sealer) -> bytes:
    """What travels with the notice.

    Raises:
        KeyStoreError: its key was destroyed, or the key store failed.
    """
    if row.record is None or row.sealed is None:
        raise ValueError(f"{row.id} carries no secret")
    return sealer.open(row.record, bytes(row.sealed), purpose=SEAL_PURPOSE)


def claim(outbox_id: str) -> Outbox | None:
    """Take a due row for as long as CLAIM; None if it is not to be worked on. Committed when this returns."""
    _refuse_inside_transaction()
    with transaction.atomic(durable=True):
        row = _due().select_for_update(skip_locked=True, no_key=True).filter(id=outbox_id).first()
        if row is None:
            return None
        Outbox.objects.filter(id=row.id).update(claimed_until=Now() + CLAIM, attempts=F("attempts") + 1)
        row.refresh_from_db(fields=["claimed_until", "attempts"])
    return row


def claimed_at(row: Outbox) -> datetime:
    """When a row that `claim` returned was claimed, by the database's clock."""
    assert row.claimed_until is not None  # set by `claim`
    return row.claimed_until - CLAIM


def mark_sent(row: Outbox) -> bool:
    """Say that it has left; false if somebody else has said what became of it."""
    _refuse_inside_transaction()
    changed = Outbox.objects.filter(_OPEN, id=row.id).update(sent_at=Now(), claimed_until=None, last_error="")
    return changed == 1


def put_off(row: Outbox, *, error: str, delay: timedelta) -> bool:
    """Try again after `delay`; `error` is the name of an exception's class. False if overtaken."""
    changed = _mine(row).update(
        next_attempt_at=Now() + delay, claimed_until=None, hinted_until=None, last_error=error
    )
    return changed == 1


def give_up(row: Outbox, *, error: str) -> bool:
    """Try no more; false if overtaken."""
    return _mine(row).update(given_up_at=Now(), claimed_until=None, last_error=error) == 1


def due(*, limit: int, overdue: timedelta = timedelta(0)) -> list[str]:
    """Rows that nobody works on and that have been due for `overdue`, the longest waiting first."""
    rows = _due().filter(next_attempt_at__lte=Now() - overdue).order_by("next_attempt_at")
    return list(rows.values_list("id", flat=True)[:limit])


def take_hints(*, limit: int) -> list[str]:
    """Due rows that a worker is to be told of now, each once in HINT whoever asks."""
    _refuse_inside_transaction()
    with transaction.atomic(durable=True):
        rows = _due().filter(Q(hinted_until=None) | Q(hinted_until__lte=Now()))
        locked = rows.select_for_update(skip_locked=True, no_key=True).order_by("next_attempt_at")
        ids = list(locked.values_list("id", flat=True)[:limit])
        if ids:
            Outbox.objects.filter(id__in=ids).update(hinted_until=Now() + HINT)
    return ids


def destroy_secret(row: Outbox, sealer: Sealer) -> None:
    """Destroy the key of what travelled with a finished row, then forget the sealed bytes."""
    if row.record is None:
        return
    sealer.destroy(row.record)
    # Crash before this: the key is gone, and `destroy_left_over` clears the columns. A row that is done with has no
    # next attempt: the column says from now on since when no key stands (`secret_gone_at`).
    _done().filter(id=row.id, record=row.record).update(record=None, sealed=None, next_attempt_at=Now())


def secret_gone_at(row: Outbox) -> datetime | None:
    """Since when nothing opens what travelled with a row that had a secret; None while something does."""
    return None if row.record is not None else row.next_attempt_at


def claim_expired(kind: str, *, now: datetime) -> list[Outbox]:
    """Claim the rows of `kind` whose time is over at `now` and that nobody sends, for the caller to give up."""
    waiting = Outbox.objects.filter(_OPEN, kind=kind, expires_at__lte=now).values_list("id", flat=True)
    return [row for row in map(claim, list(waiting)) if row is not None]


def destroy_left_over(sealer: Sealer, *, limit: int = 100) -> int:
    """Finish what workers that died left: secrets of rows that are done with. Returns how many."""
    rows = list(_done().filter(record__isnull=False).order_by("id")[:limit])
    for row in rows:
        destroy_secret(row, sealer)
    return len(rows)


def forget_finished() -> int:
    """Delete rows that were done with long ago; returns how many."""
    return int(_done().filter(created_at__lt=Now() - KEEP, record=None).delete()[0])


def figures() -> tuple[int, float]:
    """How many notices wait, and the age of the oldest in seconds."""
    found = Outbox.objects.filter(_OPEN).aggregate(
        count=Count("id"), oldest=Min("created_at"), age=Now() - Min("created_at")
    )
    age: timedelta | None = found["age"]
    return int(found["count"]), 0.0 if age is None else age.total_seconds()


def _due() -> QuerySet[Outbox]:
    return Outbox.objects.filter(
        _OPEN, Q(claimed_until=None) | Q(claimed_until__lte=Now()), next_attempt_at__lte=Now()
    )


def _done() -> QuerySet[Outbox]:
    return Outbox.objects.exclude(_OPEN)


def _mine(row: Outbox) -> QuerySet[Outbox]:
    """The row as its claimer left it: `attempts` has grown where somebody else claimed it since."""
    _refuse_inside_transaction()
    return Outbox.objects.filter(_OPEN, id=row.id, attempts=row.attempts)


def _refuse_inside_transaction() -> None:
    if connection.in_atomic_block:
        raise NestedTransactionError("what becomes of a notice is committed by itself")
