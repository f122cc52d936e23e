"""When the last backup was made, noted in the object store: any machine may make it, and any may be asked."""

from dataclasses import dataclass
from datetime import datetime

from consent.log.errors import ObjectMissingError
from consent.log.objects import ObjectStore
from consent.server.backup.header import BackupHeader
from signing.canonical import canonicalize, parse
from signing.errors import SigningError
from signing.instants import format_instant, parse_instant

NAME = "backup/latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedBackup:
    """The id of a backup, and when it was made."""

    backup: str
    made_at: datetime


def note_backup(objects: ObjectStore, header: BackupHeader) -> None:
    """Remember that this backup was made and read back."""
    note = {"backup": header.backup, "made_at": format_instant(header.made_at)}
    objects.put(NAME, canonicalize(note), immutable=False)


def noted_backup(objects: ObjectStore) -> NotedBackup | None:
    """The last backup that was made; None if none ever was, or its note cannot be read.

    Raises:
        StoreError: the store failed.
    """
    try:
        note = parse(objects.get(NAME))
    except (ObjectMissingError, SigningError):
        return None
    if not isinstance(note, dict):
        return None
    try:
        return NotedBackup(backup=str(note["backup"]), made_at=parse_instant(note["made_at"]))
    except (SigningError, KeyError):
        return None


def last_backup(objects: ObjectStore) -> datetime | None:
    """When it was made; None as above.

    Raises:
        StoreError: the store failed.
    """
    noted = noted_backup(objects)
    return None if noted is None else noted.made_at
