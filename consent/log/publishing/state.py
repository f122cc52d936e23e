"""How far a log is published, in the database: read, and moved by condition only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from consent.log.commit_guard import known_commit
from consent.log.errors import ClockBehindError, OvertakenError, PublicationHaltedError
from signing.merkle import EMPTY_ROOT

_BEGIN = """
INSERT INTO log_publication (origin, livemode, size, root, published_size, tidied_size)
VALUES (%s, %s, 0, %s, 0, 0) ON CONFLICT DO NOTHING
"""
_READ = """
SELECT origin, livemode, size, root, published_size, published_note, published_at, tidied_size, halted,
       clock_timestamp()
FROM log_publication WHERE origin = %s
"""
_SIGNED = "SELECT root, note FROM log_signed_root WHERE origin = %s AND size = %s"
# Never backwards: neither a smaller size, nor at an earlier instant than the last signature.
_SIGN = """
INSERT INTO log_signed_root (origin, size, root, note, signed_at)
SELECT %(origin)s, %(size)s, %(root)s, %(note)s, clock_timestamp()
WHERE EXISTS (SELECT FROM log_publication WHERE origin = %(origin)s AND size >= %(size)s)
  AND NOT EXISTS (SELECT FROM log_signed_root
                  WHERE origin = %(origin)s AND (size > %(size)s OR signed_at > clock_timestamp()))
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One row of `log_publication`, read at `read_at` of the database's clock."""

    origin: str
    livemode: bool
    size: int
    root: bytes
    published_size: int
    published_note: bytes | None
    published_at: datetime | None
    tidied_size: int
    halted: str
    read_at: datetime


def begin(origin: str, *, livemode: bool) -> None:
    """Make the row of a log that is published for the first time; nothing if it is there."""
    _execute(_BEGIN, [origin, livemode, EMPTY_ROOT])


def read_state(origin: str) -> State | None:
    """How far the log is; None if nobody ever began to publish it."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [origin])
        row = cursor.fetchone()
    if row is None:
        return None
    names = tuple(State.__dataclass_fields__)
    values: list[Any] = [bytes(value) if isinstance(value, memoryview) else value for value in row]
    return State(**dict(zip(names, values, strict=True)))


def published_size(name: str) -> int:
    """What the published checkpoint of the log `name` (`live`, `test/2`) covers; 0 if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(published_size), 0) FROM log_publication WHERE split_part(origin, '/log/', 2) = %s",
            [name],
        )
        size: int = cursor.fetchone()[0]
    return size


def published_origin(registry: str, *, livemode: bool) -> str | None:
    """The log that the registry at this address publishes now, the newest after a declared loss; None before any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT origin FROM log_publication WHERE livemode = %s AND published_size > 0"
            " AND split_part(origin, '/log/', 1) = %s ORDER BY length(origin) DESC, origin DESC LIMIT 1",
            [livemode, urlsplit(registry).netloc],
        )
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def advance(state: State, *, size: int, root: bytes) -> None:
    """Commit a new size and root, if nobody did since `state` was read. All its tiles are in the store by now.

    Raises:
        OvertakenError: somebody did.
    """
    changed = _execute(
        "UPDATE log_publication SET size = %s, root = %s WHERE origin = %s AND size = %s AND root = %s",
        [size, root, state.origin, state.size, state.root],
    )
    if changed != 1:
        raise OvertakenError(f"{state.origin} moved on from size {state.size} meanwhile")


def keep_signed(state: State, *, note: bytes) -> bytes:
    """Record that the root of `state` is signed, before the signature leaves; returns the note that counts.

    Raises:
        OvertakenError: a larger size is signed already.
        ClockBehindError: the database's clock is behind the last signature.
        PublicationHaltedError: another root was signed for this size.
    """
    _execute(_SIGN, {"origin": state.origin, "size": state.size, "root": state.root, "note": note})
    found = signed_root(state.origin, state.size)
    if found is None:
        raise _why_not(state)
    if found[0] != state.root:
        raise PublicationHaltedError(
            f"{state.origin} was signed at size {state.size} with root {found[0].hex()}, and is {state.root.hex()} now"
        )
    return found[1]


def signed_root(origin: str, size: int) -> tuple[bytes, bytes] | None:
    """The root and note that were signed for this size, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_SIGNED, [origin, size])
        row = cursor.fetchone()
    return None if row is None else (bytes(row[0]), bytes(row[1]))


def record_published(state: State, *, note: bytes) -> None:
    """Record what stands in the store as the checkpoint of `state`; a larger one stays recorded."""
    _execute(
        "UPDATE log_publication SET published_size = %s, published_note = %s, published_at = clock_timestamp()"
        " WHERE origin = %s AND published_size <= %s",
        [state.size, note, state.origin, state.size],
    )


def record_halt(origin: str, why: str) -> None:
    """Show why nothing is published any more, or with empty words that it is again."""
    _execute("UPDATE log_publication SET halted = %s WHERE origin = %s AND halted <> %s", [why, origin, why])


def _why_not(state: State) -> Exception:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(size), max(signed_at) > clock_timestamp() FROM log_signed_root WHERE origin = %s",
            [state.origin],
        )
        largest, behind = cursor.fetchone()
    if largest is not None and largest > state.size:
        return OvertakenError(f"{state.origin} is signed at size {largest} already, not below")
    if behind:
        return ClockBehindError(
            f"the database's clock is behind the last signature of {state.origin}: set the clock right, or wait"
        )
    return OvertakenError(f"{state.origin} has not reached size {state.size}")


def _execute(sql: str, parameters: Any) -> int:
    """One committed statement; the number of rows it changed. CommitUnknownError: what happened is unknown."""
    with known_commit() as commit, connection.cursor() as cursor:
        commit.committing()
        cursor.execute(sql, parameters)
        count: int = cursor.rowcount
    return count
