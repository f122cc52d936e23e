"""What the header of a backup file says: of which registry, of what moment, and how far its history went."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, cast

from consent.log.erasures import KEY_BACKUP_LIFE
from consent.server.backup.errors import DamagedError
from signing.canonical import JSON
from signing.errors import SigningError
from signing.instants import format_instant, parse_instant

SCHEMA = "consent-registry/backup/v1"
Kind: TypeAlias = Literal["data", "keys"]
KINDS: tuple[Kind, ...] = ("data", "keys")
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SEQ_NAMES = {"live", "test"}
MADE_AT = "%Y%m%dT%H%M%SZ"  # in the names of files


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupHeader:
    """One file of a backup. Both files of a pair have the same `backup`, a random id.

    `heads` and `acknowledged` are positions by side: what the data holds, and what the rollback guard knew to be
    acknowledged before it was read (None where nothing was). `migrations` names the newest of each app. `postgres`
    is the major version of the program that wrote the database's part.
    """

    kind: Kind
    backup: str
    made_at: datetime
    origin: str
    database_id: str
    key_store_id: str
    heads: dict[str, int]
    acknowledged: dict[str, int | None]
    version: str
    migrations: dict[str, str]
    postgres: int

    @property
    def expires_at(self) -> datetime | None:
        """When restoring refuses this file; None for data, which has no such end."""
        return self.made_at + KEY_BACKUP_LIFE if self.kind == "keys" else None

    @property
    def file(self) -> str:
        """The name of the file in its folder."""
        return f"consent-{self.made_at.strftime(MADE_AT)}-{self.backup[:8]}.{self.kind}"


def write_header(header: BackupHeader) -> dict[str, JSON]:
    """The members of the header line."""
    return {
        "schema": SCHEMA,
        "kind": header.kind,
        "backup": header.backup,
        "made_at": format_instant(header.made_at),
        "expires_at": None if header.expires_at is None else format_instant(header.expires_at),
        "origin": header.origin,
        "database_id": header.database_id,
        "key_store_id": header.key_store_id,
        "heads": dict(header.heads),
        "acknowledged": dict(header.acknowledged),
        "version": header.version,
        "migrations": dict(header.migrations),
        "postgres": header.postgres,
    }


def parse_header(members: dict[str, JSON], *, name: str) -> BackupHeader:
    """The header of a file; `salt` belongs to its encryption and is passed over.

    Raises:
        DamagedError: not a header of this version.
    """
    if members.get("schema") != SCHEMA:
        raise DamagedError(f"{name}: schema is {members.get('schema')!r:.60}, expected {SCHEMA}")
    try:
        header = BackupHeader(
            kind=cast("Kind", members["kind"]),
            backup=cast("str", members["backup"]),
            made_at=parse_instant(members["made_at"]),
            origin=str(members["origin"]),
            database_id=str(members["database_id"]),
            key_store_id=str(members["key_store_id"]),
            heads=cast("dict[str, int]", members["heads"]),
            acknowledged=cast("dict[str, int | None]", members["acknowledged"]),
            version=str(members["version"]),
            migrations=cast("dict[str, str]", members["migrations"]),
            postgres=cast("int", members["postgres"]),
        )
    except (KeyError, SigningError) as exc:
        raise DamagedError(f"{name}: the header lacks {exc}") from exc
    if not (
        header.kind in KINDS
        and isinstance(header.backup, str)
        and _ID.fullmatch(header.backup)
        and isinstance(header.heads, dict)
        and isinstance(header.acknowledged, dict)
        and set(header.heads) == set(header.acknowledged) == _SEQ_NAMES
        and isinstance(header.migrations, dict)
        and isinstance(header.postgres, int)
        and write_header(header) == {key: value for key, value in members.items() if key != "salt"}
    ):
        raise DamagedError(f"{name}: the header is not one of schema {SCHEMA}")
    return header
