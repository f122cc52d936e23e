"""The moment that a backup is of: one snapshot of the database, and how far its history goes in it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from consent.log.families import side_label
from consent.log.heads import read_head
from consent.log.ports import LogPorts
from consent.server.backup.header import BackupHeader
from consent.server.backup.programs import Program, find_program
from consent.server.wiring import DISTRIBUTION, Wiring

SIDES = (True, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A snapshot that pg_dump may read as well, as long as the block lasts, and what the headers say of it."""

    snapshot: str
    program: Program
    header: BackupHeader


@contextmanager
def one_moment(wiring: Wiring) -> Iterator[Moment]:
    """Hold one snapshot of the database open; both heads in it have reached what was acknowledged.

    Raises:
        RolledBackError: the database lacks acknowledged history: its backup would, too.
        BackupError: no pg_dump for this server.
    """
    log = wiring.registry.log
    acknowledged = _acknowledged(log)  # before the snapshot: it can only be further on
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version_num')::int / 10000")
        snapshot, major = cursor.fetchone()
        heads = {side: read_head(side) for side in SIDES}
        for side, head in heads.items():
            log.guard.check(head, log.guard.known(side))
        program = find_program("pg_dump", at_least=major)
        header = BackupHeader(
            kind="data",
            backup=secrets.token_hex(16),
            made_at=wiring.registry.clock().replace(microsecond=0),
            origin=wiring.registry.origin,
            database_id=heads[True].database_id,
            key_store_id=heads[True].key_store_id,
            heads={side_label(side): head.seq for side, head in heads.items()},
            acknowledged=acknowledged,
            version=version(DISTRIBUTION),
            migrations=newest_migrations(),
            postgres=program.major,
        )
        yield Moment(snapshot=snapshot, program=program, header=header)


def newest_migrations() -> dict[str, str]:
    """The newest applied migration of each of our apps, by name: names begin with their number."""
    found: dict[str, str] = {}
    for app, name in MigrationRecorder(connection).applied_migrations():
        found[app] = max(name, found.get(app, ""))
    return dict(sorted(found.items()))


def _acknowledged(log: LogPorts) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for side in SIDES:
        floor = log.guard.refresh(side)
        found[side_label(side)] = None if floor is None else floor.position.seq
    return found
