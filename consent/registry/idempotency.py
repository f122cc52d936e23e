"""Idempotency-Key: a request of one key runs once, and asking again gets the same answer.

A worker that dies leaves a running row; after `LEASE` another one takes it over and runs the operation
again, which finds by itself what was committed (statement ids, conditions on the old state). Answers are
sealed, since some hold a code or a secret, under a key that is destroyed with the day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from consent.registry.errors import IdempotencyMismatch, IdempotencyRunning
from consent.registry.models import IdempotentRequest
from consent.registry.ports import RegistryPorts

LEASE = timedelta(seconds=60)  # longer than any operation may take
LIFE = timedelta(hours=24)  # DESIGN §10
PURPOSE = "idempotent-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer that was given: HTTP status and body."""

    status: int
    body: bytes


class Attempt:
    """This call's turn. Either `stored` is there and is the answer, or the caller works and calls `finish`."""

    def __init__(self, ports: RegistryPorts, row: int, token: UUID, stored: StoredAnswer | None) -> None:
        self._ports = ports
        self._row = row
        self._token = token
        self.stored = stored

    def finish(self, status: int, body: bytes) -> None:
        """Keep the answer. Crash before this line: the row is taken over after `LEASE`."""
        now = self._ports.clock()
        record = record_of(now)
        sealed = self._ports.log.sealer.seal(record, body, purpose=PURPOSE)
        IdempotentRequest.objects.filter(id=self._row, attempt=self._token, finished_at=None).update(
            finished_at=now, status=status, record=record, sealed=sealed
        )

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


def record_of(day: datetime) -> str:
    """The key-store record under which a day's answers are sealed."""
    return f"idempotency-{day:%Y-%m-%d}"


def _take(ports: RegistryPorts, scope: str, key: str, fingerprint: str) -> Attempt:
    now, token = ports.clock(), uuid4()
    IdempotentRequest.objects.filter(scope=scope, key=key, started_at__lte=now - LIFE).delete()
    row, made = IdempotentRequest.objects.get_or_create(
        scope=scope,
        key=key,
        defaults={"fingerprint": fingerprint, "attempt": token, "started_at": now},
    )
    if made:
        return Attempt(ports, row.pk, token, None)
    if row.fingerprint != fingerprint:
        raise IdempotencyMismatch("this key was used for another request")
    if row.status is not None and row.sealed is not None and row.record is not None:
        body = ports.log.sealer.open(row.record, bytes(row.sealed), purpose=PURPOSE)
        return Attempt(ports, row.pk, token, StoredAnswer(status=row.status, body=body))
    taken = IdempotentRequest.objects.filter(
        id=row.pk, attempt=row.attempt, finished_at=None, started_at__lte=now - LEASE
    ).update(attempt=token, started_at=now)
    if taken != 1:
        raise IdempotencyRunning("a request with this key is running")
    return Attempt(ports, row.pk, token, None)
