"""A key store in a second PostgreSQL, which has its own short-lived backups (at most 7 days)."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import psycopg_pool

from consent.log.errors import KeyMissingError, KeyStoreUnavailableError, RecordDestroyedError
from consent.log.keystore import Kept, checked_record

_TIMEOUT_S = 5.0
_SAFE = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"}}

_PREPARE = """
SELECT pg_advisory_xact_lock(hashtext('consent key store'));
CREATE TABLE IF NOT EXISTS consent_key_store (one boolean PRIMARY KEY CHECK (one), identity text NOT NULL);
CREATE TABLE IF NOT EXISTS consent_key (
    record text COLLATE "C" PRIMARY KEY,
    wrapped bytea,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
"""
_IDENTIFY = "INSERT INTO consent_key_store (one, identity) VALUES (true, %s) ON CONFLICT DO NOTHING"
_CREATE = "INSERT INTO consent_key (record, wrapped) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_DESTROY = """
INSERT INTO consent_key (record, wrapped, destroyed_at) VALUES (%s, NULL, clock_timestamp())
ON CONFLICT (record) DO UPDATE SET wrapped = NULL, destroyed_at = clock_timestamp()
WHERE consent_key.wrapped IS NOT NULL
"""
_LOAD = """
INSERT INTO consent_key (record, wrapped, destroyed_at)
VALUES (%s, %s, CASE WHEN %s::bytea IS NULL THEN clock_timestamp() END)
"""
_REWRAP = "UPDATE consent_key SET wrapped = %s WHERE record = %s AND wrapped = %s"


class DatabaseKeyStore:
    """Wrapped keys in tables of their own database; for many threads. Make it after a fork, then `prepare`."""

    def __init__(self, url: str, *, max_connections: int = 4) -> None:
        self._pool = psycopg_pool.ConnectionPool(
            url,
            min_size=0,
            max_size=max_connections,
            timeout=_TIMEOUT_S,
            kwargs={"autocommit": True, "connect_timeout": int(_TIMEOUT_S)},
            check=psycopg_pool.ConnectionPool.check_connection,
            open=False,
        )

    def prepare(self) -> None:
        """Make the tables and the identity where they are missing.

        Raises:
            KeyStoreUnavailableError: unreachable, unsafe, or the registry's own database: keys in the same
                database would share its long backups, and erasing would erase nothing.
        """
        self._pool.open()
        with self._connection() as connection:
            for name, safe in _SAFE.items():
                if (found := _value(connection, "SELECT current_setting(%s)", [name])) not in safe:
                    raise KeyStoreUnavailableError(f"{name} is {found} in the key store's database")
            if _value(connection, "SELECT to_regclass('log_head')", []) is not None:
                raise KeyStoreUnavailableError(
                    "CONSENT_KEY_STORE is the registry's own database; use another"
                )
            with connection.transaction():
                connection.execute(_PREPARE)
                # An identity is given to an empty store only: keys without one are a damaged store.
                if _value(connection, "SELECT 1 FROM consent_key LIMIT 1", []) is None:
                    connection.execute(_IDENTIFY, [secrets.token_hex(16)])

    def close(self) -> None:
        """End the connections."""
        self._pool.close()

    def identity(self) -> str:
        """The random id of this store."""
        with self._connection() as connection:
            found = _value(connection, "SELECT identity FROM consent_key_store", [])
        if found is None:
            raise KeyStoreUnavailableError("the key store's database has no identity")
        return str(found)

    def create(self, record: str, wrapped: bytes) -> bytes:
        """Keep `wrapped` unless the record has a key; returns the kept one."""
        checked_record(record)
        with self._connection() as connection:
            connection.execute(_CREATE, [record, wrapped])
        return self.read(record)

    def read(self, record: str) -> bytes:
        """The wrapped key of `record`."""
        checked_record(record)
        with self._connection() as connection:
            row = connection.execute("SELECT wrapped FROM consent_key WHERE record = %s", [record]).fetchone()
        if row is None:
            raise KeyMissingError(f"there is no key of {record}")
        if row[0] is None:
            raise RecordDestroyedError(f"the key of {record} was destroyed")
        return bytes(row[0])

    def destroy(self, record: str) -> None:
        """Replace the key by the time of its end; one that never was becomes destroyed too."""
        checked_record(record)
        with self._connection() as connection:
            connection.execute(_DESTROY, [record])

    def entries(self) -> Iterator[Kept]:
        """Every record of one snapshot."""
        with (
            self._connection() as connection,
            connection.transaction(),
            connection.cursor(name="consent_key_entries") as cursor,
        ):
            cursor.itersize = 1000
            cursor.execute("SELECT record, wrapped FROM consent_key ORDER BY record")
            for record, wrapped in cursor:
                yield record, None if wrapped is None else bytes(wrapped)

    def load(self, identity: str, entries: Iterable[Kept]) -> int:
        """Fill empty tables in one transaction."""
        loaded = 0
        with self._connection() as connection, connection.transaction():
            connection.execute("LOCK TABLE consent_key IN EXCLUSIVE MODE")
            if _value(connection, "SELECT 1 FROM consent_key LIMIT 1", []) is not None:
                raise KeyStoreUnavailableError(
                    "the key store's database holds keys already: use an empty one"
                )
            connection.execute("UPDATE consent_key_store SET identity = %s", [identity])
            with connection.cursor() as cursor:
                for record, wrapped in entries:
                    cursor.execute(_LOAD, [checked_record(record), wrapped, wrapped])
                    loaded += 1
        return loaded

    def rewrap(self, record: str, *, old: bytes, new: bytes) -> bool:
        """Replace by condition."""
        checked_record(record)
        with self._connection() as connection:
            changed = connection.execute(_REWRAP, [new, record, old])
            return changed.rowcount == 1

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection whose every error, and every warning (a COMMIT not yet on the standby), is a refusal."""
        warnings: list[str] = []

        def notice(diagnostic: psycopg.errors.Diagnostic) -> None:
            if diagnostic.severity_nonlocalized == "WARNING":
                warnings.append(diagnostic.message_primary or "without text")

        try:
            with self._pool.connection() as connection:
                connection.add_notice_handler(notice)
                try:
                    yield connection
                finally:
                    connection.remove_notice_handler(notice)
        except (psycopg.Error, psycopg_pool.PoolClosed) as exc:
            raise KeyStoreUnavailableError(f"the key store's database failed: {type(exc).__name__}") from exc
        if warnings:
            raise KeyStoreUnavailableError(f"the key store's database warned: {'; '.join(warnings)}")


def _value(connection: psycopg.Connection[tuple[Any, ...]], query: str, parameters: list[str]) -> Any:
    """The first column of the first row, or None."""
    row = connection.execute(query, parameters).fetchone()
    return None if row is None else row[0]
