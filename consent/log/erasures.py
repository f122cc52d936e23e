"""What was erased lately, kept beside the database, so that a restored backup does not bring it back.

An erasure notes the opaque ids it is about in the object store before it destroys the first key. Restoring a
backup reads these notes and erases again. A backup of keys lives for `KEY_BACKUP_LIFE`; once every one from before an
erasure has ended, nothing could bring it back, and the note goes as well.

Whoever can write to the object store must not be able to have somebody erased: each note carries an HMAC under a key of
the registry over its name and what it says. One that was not made by this registry is refused, and never acted on.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
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
_NOT_OURS = (
    "object {name} says that somebody was erased, and was not made by this registry: expected its HMAC under the key "
    "of this registry. Nobody is erased by it. Find out who can write to the object store, and remove the object; if "
    "the store keeps versions, look first whether an earlier one was ours"
)
_MAX_NOTE_BYTES = 64 << 20  # a record is at most 100 characters: half a million records of one person


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure: when, whose opaque id, and the records whose keys it destroys."""

    at: datetime
    performer: UUID
    records: tuple[str, ...]


class ErasureNotes:
    """The notes of one registry in its object store; `key` is 32 bytes that only it has, and no rotation changes."""

    def __init__(self, objects: ObjectStore, *, key: bytes) -> None:
        self._objects = objects
        self._key = key

    def __repr__(self) -> str:
        return "ErasureNotes()"

    def note(self, *, at: datetime, performer: UUID, records: Sequence[str]) -> None:
        """Keep what is about to be erased; durable when this returns. Call it before the first key is destroyed.

        `performer` is the opaque internal id; `records` are the key store's. Noting one erasure twice does no harm.

        Raises:
            StoreError: it could not be kept: nothing may be destroyed yet.
            KeyStoreError: a record id is not one.
        """
        at = at.astimezone(UTC).replace(microsecond=0)
        said: dict[str, JSON] = {
            "schema": SCHEMA,
            "at": format_instant(at),
            "performer": str(performer),
            "records": list[JSON](sorted({checked_record(record) for record in records})),
        }
        name = f"{PREFIX}{at.strftime(_AT)}-{secrets.token_hex(8)}"
        note = canonicalize({**said, "mac": self._mac(name, said)})
        self._objects.put(name, note, immutable=True)

    def all(self) -> Iterator[Erasure]:
        """Every noted erasure, oldest first.

        Raises:
            StoreError: the store failed.
            ErasureNoteError: a note cannot be read or is not ours; nothing may be restored past it.
        """
        for each in self.each():
            if isinstance(each, ErasureNoteError):
                raise each
            yield each

    def each(self) -> Iterator["Erasure | ErasureNoteError"]:
        """As `all`, with the error in the place of a note that is refused: the others are not held up by it.

        Raises:
            StoreError: the store failed.
        """
        for name in self._objects.keys(PREFIX):
            try:
                data = self._objects.get(name)
            except ObjectMissingError:
                continue  # its time was over while we looked
            try:
                yield self._read(name, data)
            except ErasureNoteError as exc:
                yield exc

    def forget(self, *, now: datetime) -> int:
        """Remove the notes that no backup of keys is older than any more; returns how many."""
        forgotten = 0
        for name in list(self._objects.keys(PREFIX)):
            found = _NAME.fullmatch(name)
            if found and datetime.strptime(found["at"], _AT).replace(tzinfo=UTC) + NOTE_LIFE < now:
                self._objects.delete(name)
                forgotten += 1
        return forgotten

    def _mac(self, name: str, said: Mapping[str, JSON]) -> str:
        """Over the name too: under another one a note would be forgotten early, or never."""
        return hmac.digest(
            self._key, name.encode() + b"\x00" + canonicalize(dict(said)), hashlib.sha256
        ).hex()

    def _read(self, name: str, data: bytes) -> Erasure:
        try:
            note = parse(data, max_bytes=_MAX_NOTE_BYTES)
            if not isinstance(note, dict) or note["schema"] != SCHEMA:
                raise ErasureNoteError(f"object {name} is no note of an erasure of schema {SCHEMA}")
            mac, records = note.pop("mac", None), note["records"]
            if not isinstance(mac, str) or not hmac.compare_digest(
                mac.encode(), self._mac(name, note).encode()
            ):
                raise ErasureNoteError(_NOT_OURS.format(name=name))
            if not isinstance(records, list) or not isinstance(note["performer"], str):
                raise ErasureNoteError(f"object {name} lacks the ids of an erasure")
            return Erasure(
                at=parse_instant(note["at"]),
                performer=UUID(note["performer"]),
                records=tuple(checked_record(str(record)) for record in records),
            )
        except (SigningError, KeyStoreError, KeyError, ValueError) as exc:
            raise ErasureNoteError(
                f"object {name} is not a readable note of an erasure ({type(exc).__name__}): get it back from "
                "the store's own versions, or erase again by hand whom it was about and remove it"
            ) from exc
