"""Idempotency-Key: a request of one key runs once, and asking again gets the same answer.

A worker that dies leaves a running row; after `LEASE` another one takes it over and runs the operation
again, which finds by itself what was committed (statement ids, conditions on the old state). Answers are
sealed, since some hold a code or a secret, under a key of their day; `forget_answers` destroys it once no
answer of that day is given again, so that neither a row nor a backup of it can be opened any more. A performer's
own answers each have a key of their own, which an erasure destroys at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import Min, QuerySet
from django.db.models.functions import Length

from consent.log.errors import RecordDestroyedError
from consent.log.models import Event
from consent.registry.errors import IdempotencyMismatch, IdempotencyRunning
from consent.registry.models import IdempotentRequest
from consent.registry.ports import RegistryPorts

LEASE = timedelta(seconds=60)  # longer than any operation may take
LIFE = timedelta(hours=24)  # DESIGN §10
PURPOSE = "idempotent-answer"
OF_PERFORMERS = (
    "performer/",
    "statement/",
)  # how scopes begin in which a performer asks (`consent.api.idempotency`)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer that was given: HTTP status and body."""

    status: int
    body: bytes


class Attempt:
    """This call's turn. Either `stored` is there and is the answer, or the caller works and calls `finish`."""

    def __init__(
        self, ports: RegistryPorts, row: IdempotentRequest, token: UUID, stored: StoredAnswer | None
    ) -> None:
        self._ports = ports
        self._row = row.pk
        self._of_performer = row.scope.startswith(OF_PERFORMERS)
        self._token = token
        self.stored = stored

    def finish(self, status: int, body: bytes) -> None:
        """Keep the answer. Crash before this line: the row is taken over after `LEASE`."""
        now = self._ports.clock()
        record, sealed = self._seal(body, day=now)
        IdempotentRequest.objects.filter(id=self._row, attempt=self._token, finished_at=None).update(
            finished_at=now, status=status, record=record, sealed=sealed
        )

    def _seal(self, body: bytes, *, day: datetime) -> tuple[str, bytes]:
        sealer, record = self._ports.log.sealer, record_of(day)
        if not self._of_performer:
            with suppress(RecordDestroyedError):  # a clock that went back: this answer gets a key of its own
                return record, sealer.seal(record, body, purpose=PURPOSE)
        record = f"{record}-{self._token.hex}"
        return record, sealer.seal(record, body, purpose=PURPOSE)

    def release(self) -> None:
        """Forget an attempt that changed nothing, so that it can be made again at once."""
        IdempotentRequest.objects.filter(id=self._row, attempt=self._token, finished_at=None).delete()


@contextmanager
def once(ports: RegistryPorts, *, scope: str, key: str, fingerprint: str) -> Iterator[Attempt]:
    """Take the turn for `key` within `scope` (who asks, and the side); `fingerprint` is of the request.

    An exception in the body releases the turn. Must not run inside a transaction.

    Raises:
        IdempotencyRunning: another call works on it. IdempotencyMismatch: the key was for another request.
    """
    attempt = _take(ports, scope, key, fingerprint)
    try:
        yield attempt
    except BaseException:
        if attempt.stored is None:
            attempt.release()
        raise


def record_of(day: date) -> str:
    """The key-store record under which a day's answers are sealed."""
    return f"idempotency-{day:%Y-%m-%d}"


def forget_answers(ports: RegistryPorts) -> int:
    """Destroy the keys of days none of whose answers is given again, then delete the answers; returns how many.

    Days are gone through from the last one that is over back to one whose key is destroyed already, or to the
    registry's first, and their keys destroyed oldest first: whoever dies in between leaves the later ones, and the
    next call finds them. Safe to run anywhere, any number of times.

    Raises:
        KeyStoreUnavailableError: the key store failed; no answer was deleted whose key stands.
    """
    sealer, over = ports.log.sealer, ports.clock() - LIFE
    # An answer is sealed on the day it was finished, and given until LIFE after it was begun, which was not later.
    day, first, standing = over.date() - timedelta(days=1), _first_day(), list[str]()
    while first is not None and day >= first and not sealer.is_destroyed(record_of(day)):
        standing.append(record_of(day))
        day -= timedelta(days=1)
    for record in reversed(standing):
        sealer.destroy(record)
    return _delete(IdempotentRequest.objects.filter(started_at__lte=over), ports)


def _first_day() -> date | None:
    """The day before the registry's first entry: a clock may have been behind the database's."""
    began = Event.objects.filter(seq=0).aggregate(at=Min("recorded_at"))["at"]
    return None if began is None else (began - timedelta(days=1)).date()


def _delete(rows: "QuerySet[IdempotentRequest]", ports: RegistryPorts) -> int:
    """Delete answers, those keys first that are one answer's own."""
    of_a_day = len(record_of(ports.clock()))
    own = rows.annotate(chars=Length("record")).filter(chars__gt=of_a_day)
    for row in own:
        assert row.record is not None  # it has a length
        ports.log.sealer.destroy(row.record)
    # Crash before this: the rows are there still, and nothing opens what they hold.
    return int(rows.delete()[0])


def _take(ports: RegistryPorts, scope: str, key: str, fingerprint: str) -> Attempt:
    now, token = ports.clock(), uuid4()
    _delete(IdempotentRequest.objects.filter(scope=scope, key=key, started_at__lte=now - LIFE), ports)
    row, made = IdempotentRequest.objects.get_or_create(
        scope=scope,
        key=key,
        defaults={"fingerprint": fingerprint, "attempt": token, "started_at": now},
    )
    if made:
        return Attempt(ports, row, token, None)
    if row.fingerprint != fingerprint:
        raise IdempotencyMismatch("this key was used for another request")
    if row.status is not None and row.sealed is not None and row.record is not None:
        body = ports.log.sealer.open(row.record, bytes(row.sealed), purpose=PURPOSE)
        return Attempt(ports, row, token, StoredAnswer(status=row.status, body=body))
    taken = IdempotentRequest.objects.filter(
        id=row.pk, attempt=row.attempt, finished_at=None, started_at__lte=now - LEASE
    ).update(attempt=token, started_at=now)
    if taken != 1:
        raise IdempotencyRunning("a request with this key is running")
    return Attempt(ports, row, token, None)
