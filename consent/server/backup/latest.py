"""When the last backup was made, noted in the object store: any machine may make it, and any may be asked."""

from datetime import datetime

from consent.log.errors import ObjectMissingError
from consent.log.objects import ObjectStore
from consent.server.backup.header import BackupHeader
from signing.canonical import canonicalize, parse
from signing.errors import SigningError
from signing.instants import format_instant, parse_instant

NAME = "backup/latest"


def note_backup(objects: ObjectStore, header: BackupHeader) -> None:
    """Remember that this backup was made and read back."""
    note = {"backup": header.backup, "made_at": format_instant(header.made_at)}
    objects.put(NAME, canonicalize(note), immutable=False)


def last_backup(objects: ObjectStore) -> datetime | None:
    """When the last backup was made; None if none ever was, or its note cannot be read.

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
        return parse_instant(note["made_at"])
    except (SigningError, KeyError):
        return None
