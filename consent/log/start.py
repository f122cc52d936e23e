"""Beginning both histories on an empty database, and taking them up again on every start."""

import secrets

from django.db import connection

from consent.log.database_safety import check_database
from consent.log.errors import (
    GuardMissingError,
    KeyStoreUnavailableError,
    NotInitialisedError,
    RolledBackError,
)
from consent.log.events import NewEvent
from consent.log.heads import read_head
from consent.log.ports import LogPorts
from consent.log.position import Head
from consent.log.transaction import history_transaction

SIDES = (True, False)
GENESIS_KIND = "log.genesis"
_GENESIS_SEQ = 0


def start(ports: LogPorts) -> None:
    """What every process does before it serves: check, initialise an empty database, check the guard.

    A database that merely lacks acknowledged history does not stop the start: every check and write
    answers `RolledBackError` until the history is back.

    Raises:
        UnsafeDatabaseError: the database could lose what it commits, or lacks its triggers.
        KeyStoreUnavailableError: another key store, or another secret, than the database was made with.
        GuardMissingError: no rollback guard beside a database that is not empty.
        RolledBackError: a rollback guard beside an empty database.
        GuardUnavailableError: the object store failed.
    """
    check_database()
    floors = [ports.guard.refresh(side) for side in SIDES]
    if any(floors) and not _has_heads():
        raise RolledBackError("the object store guards another, not empty database: point at that one")
    ports.sealer.check_secret()
    initialise(ports)
    for side in SIDES:
        head = read_head(side)
        if head.key_store_id != ports.sealer.key_store_id():
            raise KeyStoreUnavailableError("this is not the key store that the database was made with")
        # After the head: who appended beyond the genesis had made the genesis known to the guard.
        if ports.guard.refresh(side) is not None:
            ports.guard.tidy(side)
        elif head.seq > _GENESIS_SEQ:
            raise GuardMissingError("the object store has no rollback guard for this database: restore it")
        else:
            ports.guard.acknowledge(head.position, database_id=head.database_id)


def initialise(ports: LogPorts) -> None:
    """Give both sides a head with a genesis event, so that a head is never empty. Idempotent."""
    if not _has_heads():  # a check node's role may not even try to write them
        _insert_heads(ports)
    for side in SIDES:
        if read_head(side).seq < _GENESIS_SEQ:
            _append_genesis(side, ports)


def _insert_heads(ports: LogPorts) -> None:
    with connection.cursor() as cursor:
        # One statement, so that both sides get one database id, whoever comes first.
        cursor.execute(
            "INSERT INTO log_head (livemode, seq, chain, before, l_node_ms, l_wait_ms, database_id, key_store_id)"
            " SELECT side, -1, %(zero)s, %(zero)s, 300, 300, %(database)s, %(keys)s"
            " FROM unnest(ARRAY[true, false]) AS side ON CONFLICT DO NOTHING",
            {
                "zero": bytes(32),
                "database": secrets.token_hex(16),
                "keys": ports.sealer.key_store_id(),
            },
        )


def _append_genesis(livemode: bool, ports: LogPorts) -> None:
    """Append the first event, unless another process was first."""
    with history_transaction(livemode, ports) as tx:
        with connection.cursor() as cursor:
            # Not the head: it is locked by the last statement only.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('consent log genesis'))")
        head = read_head(livemode)
        if head.seq >= _GENESIS_SEQ:
            tx.nothing_changed()
        else:
            side = "live" if livemode else "test"
            body = {"database_id": head.database_id}
            tx.append(NewEvent(kind=GENESIS_KIND, body=body, record=f"genesis-{side}", denies=False))


def _has_heads() -> bool:
    try:
        return bool(read_head(True) and read_head(False))
    except NotInitialisedError:
        return False


def heads(ports: LogPorts) -> tuple[Head, Head]:
    """Both heads, live and test, each checked against the rollback guard (for readiness)."""
    found = []
    for side in SIDES:
        floor = ports.guard.floor(side)
        head = read_head(side)
        ports.guard.check(head, floor)
        found.append(head)
    return found[0], found[1]
