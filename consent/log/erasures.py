"""What was erased lately, kept beside the database, so that a restored backup does not bring it back.

An erasure notes the opaque ids it is about in the object store before it destroys the first key. Restoring a
backup reads these notes and erases again. A backup of keys lives for `KEY_BACKUP_LIFE`; once every one from before an
erasure has ended, nothing could bring it back, and the note goes as well.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from consent.log.errors import ErasureNoteError, KeyStoreError, ObjectMissingError
from consent.log.keystore import checked_record
from consent.log.objects import ObjectStore
from signing.canonical import JSON, canonicalize, parse
from signing.errors import SigningError
from signing.instants import format_instant, parse_instant

KEY_BACKUP_LIFE = timedelta(days=7)  # DESIGN §9: an erasure is complete when the last key backup has expired
NOTE_LIFE = KEY_BACKUP_LIFE + timedelta(days=1)  # clocks of two machines, and a restore that takes its time
PREFIX = "erased/"
SCHEMA = "consent-registry/erased/v1"
_NAME = re.compile(r"erased/(?P<at>[0-9]{8}T[0-9]{6}Z)-[0-9a-z]+", re.ASCII)
_AT = "%Y%m%dT%H%M%SZ"
_MAX_NOTE_BYTES = 64 << 20  # a record is at most 100 characters: half a million records of one person


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure: when, whose opaque id, and the records whose keys it destroys."""

    at: datetime
    performer: UUID
    records: tuple[str, ...]


def note_erasure(objects: ObjectStore, *, at: datetime, performer: UUID, records: Sequence[str]) -> None:
    """Keep what is about to be erased; durable when this returns. Call it before the first key is destroyed.

    `performer` is the opaque internal id; `records` are the key store's. Noting one erasure twice does no harm.

    Raises:
        StoreError: it could not be kept: nothing may be destroyed yet.
        KeyStoreError: a record id is not one.
    """
    at = at.astimezone(UTC).replace(microsecond=0)
    note = canonicalize(
        {
            "schema": SCHEMA,
            "at": format_instant(at),
            "performer": str(performer),
            "records": list[JSON](sorted({checked_record(record) for record in records})),
        }
    )
    objects.put(f"{PREFIX}{at.strftime(_AT)}-{secrets.token_hex(8)}", note, immutable=True)


def noted_erasures(objects: ObjectStore) -> Iterator[Erasure]:
    """Every noted erasure, oldest first.

    Raises:
        StoreError: the store failed.
        ErasureNoteError: a note cannot be read; nothing may be restored past it.
    """
    for name in objects.keys(PREFIX):
        try:
            data = objects.get(name)
        except ObjectMissingError:
            continue  # its time was over while we looked
        yield _read(name, data)


def forget_notes(objects: ObjectStore, *, now: datetime) -> int:
    """Remove the notes that no backup of keys is older than any more; returns how many."""
    forgotten = 0
    for name in list(objects.keys(PREFIX)):
        found = _NAME.fullmatch(name)
        if found and datetime.strptime(found["at"], _AT).replace(tzinfo=UTC) + NOTE_LIFE < now:
            objects.delete(name)
            forgotten += 1
    return forgotten


def _read(name: str, data: bytes) -> Erasure:
    try:
        note = parse(data, max_bytes=_MAX_NOTE_BYTES)
        if not isinstance(note, dict) or note["schema"] != SCHEMA:
            raise ErasureNoteError(f"object {name} is no note of an erasure of schema {SCHEMA}")
        records = note["records"]
        if not isinstance(records, list) or not isinstance(note["performer"], str):
            raise ErasureNoteError(f"object {name} lacks the ids of an erasure")
        return Erasure(
            at=parse_instant(note["at"]),
            performer=UUID(note["performer"]),
            records=tuple(checked_record(str(record)) for record in records),
        )
    except (SigningError, KeyStoreError, KeyError, ValueError) as exc:
        raise ErasureNoteError(
            f"object {name} is not a readable note of an erasure ({type(exc).__name__}): get it back from the "
            "store's own versions, or erase again by hand whom it was about and remove it"
        ) from exc
