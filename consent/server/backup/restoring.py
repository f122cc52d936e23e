"""Restore a backup into an empty place, and say whether acknowledged history is missing from it."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from django.db import connection

from consent.log import durable_file
from consent.log.erasures import Erasure
from consent.log.heads import read_head
from consent.log.keystore import Kept
from consent.log.new_history import lost_after
from consent.log.objects import ObjectStore
from consent.log.ports import LogPorts, log_ports
from consent.server.backup.checking import (
    erasures_since,
    require_empty,
    require_known_software,
    require_same_secret,
)
from consent.server.backup.choosing import choose
from consent.server.backup.dump import restored
from consent.server.backup.entries import read_entries
from consent.server.backup.errors import BackupError, DamagedError, SecretError
from consent.server.backup.finding import BackupFile
from consent.server.backup.header import BackupHeader
from consent.server.backup.latest import noted_backup
from consent.server.backup.names import DATABASE, IDENTITY, KEY_FILE, MANIFEST, OBJECT, RECORDS
from consent.server.backup.noted_erasures import notes_known_to
from consent.server.backup.programs import find_program
from consent.server.backup.sealed_file import open_sealed
from consent.server.keys.derivation import derivation_secret
from consent.server.keys.index import FILE as KEY_INDEX
from consent.server.settings import Settings
from consent.server.stores import open_key_archive, open_key_store, open_objects

_LINE_BYTES = 64 << 10
SIDES = (True, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Acknowledged history of one side that the backup does not have: after `kept` up to `lost`.

    `lost` is None where the object store keeps no record of what was acknowledged.
    """

    livemode: bool
    kept: int
    lost: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did. `passed_over` are backups that may be newer and could not be used, in words;
    `missing_objects` are names that the object store lacks; `erasures` are to be done again."""

    header: BackupHeader
    passed_over: tuple[str, ...]
    records: int
    objects: int
    missing_objects: tuple[str, ...]
    erasures: tuple[Erasure, ...]
    missing: tuple[Missing, ...]


def restore(settings: Settings, folder: Path, *, now: datetime, allow_older: bool = False) -> Restored:
    """Restore the newest backup of `folder` into the empty database and stores that `settings` name.

    Both files are read to their ends before anything is written. The database comes back in one transaction. Keys
    that were destroyed after the backup, as the object store remembers, are not brought back. Where a backup that
    may be newer cannot be used, an older one is taken only with `allow_older`.

    Raises:
        NotEmptyError: there is something already; after a restore that was cut off, empty it and begin again.
        SecretError, DamagedError, TooOldError, OlderError, BackupError: the backup cannot be used; nothing was written.
        LogError: the object store or the key store failed.
    """
    secret = _secret(settings)
    require_empty(settings)
    objects = open_objects(settings)
    chosen = choose(folder, secret=secret, now=now, allow_older=allow_older, noted=noted_backup(objects))
    require_known_software(chosen.data.header)
    require_same_secret(chosen.key_secret, settings)
    erasures = erasures_since(notes_known_to(chosen.keys, settings=settings, objects=objects), now=now)
    put, lacking = _restore_data(chosen.data, settings=settings, secret=secret, objects=objects)
    # Crash after this line: a database without its keys, which refuses to start.
    records = _restore_keys(chosen.keys, settings=settings, secret=secret, erasures=erasures)
    return Restored(
        header=chosen.data.header,
        passed_over=chosen.passed_over,
        records=records,
        objects=put,
        missing_objects=tuple(lacking),
        erasures=tuple(erasures),
        missing=missing_history(ports_of(settings)),
    )


def ports_of(settings: Settings) -> LogPorts:
    """The log's ports of this registry, without the rest of its wiring."""
    return log_ports(
        key_store=open_key_store(settings),
        objects=open_objects(settings),
        key_secret=settings.secrets.key_secret,
        also=settings.secrets.key_secret_also,
        derivation=derivation_secret(settings.storage.keys, opens=settings.secrets.opening),
    )


def missing_history(ports: LogPorts) -> tuple[Missing, ...]:
    """Which sides of this database lack what was acknowledged."""
    found = []
    for side in SIDES:
        known = ports.guard.refresh(side) is not None  # before the check, which makes the head known
        head = read_head(side)
        lost = lost_after(side, ports)
        if lost is not None or (not known and head.seq > 0):
            found.append(Missing(livemode=side, kept=head.seq, lost=None if lost is None else lost.seq))
    return tuple(found)


def _secret(settings: Settings) -> bytes:
    if not settings.secrets.backup:
        raise SecretError(
            "CONSENT_BACKUP_SECRET is not set: it must be the one that the backup was made with"
        )
    return settings.secrets.backup


def _restore_data(
    file: BackupFile, *, settings: Settings, secret: bytes, objects: ObjectStore
) -> tuple[int, list[str]]:
    """The database, and objects where the whole store was lost; how many, and which the store lacks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        server = cursor.fetchone()[0]
    connection.close()
    if server < file.header.postgres:
        raise BackupError(
            f"the backup was written by PostgreSQL {file.header.postgres}'s pg_dump, and this server is {server}: "
            "restore into the same or a later version"
        )
    program = find_program("pg_restore", at_least=server)
    store_was_lost = next(iter(objects.keys("")), None) is None
    put, lacking = 0, list[str]()
    with file.path.open("rb") as source:
        _, pieces = open_sealed(source, secret=secret, name=file.path.name)
        for name, blocks in read_entries(pieces):
            if name == DATABASE:
                restored(settings.database, blocks, program=program)
            elif name.startswith(OBJECT) and store_was_lost:
                objects.put(name.removeprefix(OBJECT), b"".join(blocks), immutable=False)
                put += 1
            elif name == MANIFEST:
                lacking = list(_lacking(_lines(blocks), iter(objects.keys(""))))
    return put, lacking


def _restore_keys(file: BackupFile, *, settings: Settings, secret: bytes, erasures: Iterable[Erasure]) -> int:
    """The key store without what was erased since, then the registry's keys, their index last."""
    erased = {record for each in erasures for record in each.records}
    settings.storage.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    identity, records, index = "", 0, b""
    with file.path.open("rb") as source:
        _, pieces = open_sealed(source, secret=secret, name=file.path.name)
        for name, blocks in read_entries(pieces):
            if name == IDENTITY:
                identity = b"".join(blocks).decode("ascii")
            elif name == RECORDS:
                records = open_key_archive(settings).load(identity, _without(_kept(blocks), erased))
            elif name == KEY_FILE + KEY_INDEX:
                index = b"".join(blocks)
            elif name.startswith(KEY_FILE) and "/" not in name.removeprefix(KEY_FILE):
                durable_file.create(settings.storage.keys / name.removeprefix(KEY_FILE), b"".join(blocks))
    # Crash before this line: keys without an index, which refuse to start beside a history.
    durable_file.replace(settings.storage.keys / KEY_INDEX, index)
    return records


def _kept(blocks: Iterator[bytes]) -> Iterator[Kept]:
    for line in _lines(blocks):
        try:
            record, wrapped = msgspec.json.decode(line, type=tuple[str, str | None])
            yield record, None if wrapped is None else base64.b64decode(wrapped, validate=True)
        except (msgspec.MsgspecError, binascii.Error) as exc:
            raise DamagedError(f"a record of the key store does not read: {exc}") from exc


def _without(kept: Iterable[Kept], erased: set[str]) -> Iterator[Kept]:
    """The same records with the erased ones destroyed, also those that the backup does not have."""
    left = set(erased)
    for record, wrapped in kept:
        left.discard(record)
        yield record, None if record in erased else wrapped
    yield from ((record, None) for record in sorted(left))


def _lines(blocks: Iterator[bytes]) -> Iterator[str]:
    waiting = b""
    for block in blocks:
        *whole, waiting = (waiting + block).split(b"\n")
        yield from (line.decode() for line in whole)
        if len(waiting) > _LINE_BYTES:
            raise DamagedError(f"a line is longer than {_LINE_BYTES} bytes")
    if waiting:
        raise DamagedError("the last line is not whole")


def _lacking(wanted: Iterator[str], there: Iterator[str]) -> Iterator[str]:
    """What is in `wanted` and not in `there`, both in one order: neither is held in memory."""
    found = next(there, None)
    for name in wanted:
        while found is not None and found < name:
            found = next(there, None)
        if found != name:
            yield name
