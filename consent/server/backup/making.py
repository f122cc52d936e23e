"""Make a backup: two encrypted files, each written beside, read back, and only then given its name."""

import base64
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from consent.log import durable_file
from consent.log.errors import ObjectMissingError
from consent.log.keystore import KeyArchive
from consent.log.objects import ObjectStore
from consent.server.backup.dump import PIPE_BYTES, dumped
from consent.server.backup.entries import EntryWriter
from consent.server.backup.errors import BackupError, DamagedError, SecretError
from consent.server.backup.header import BackupHeader, write_header
from consent.server.backup.latest import note_backup
from consent.server.backup.moment import one_moment
from consent.server.backup.names import (
    DATABASE,
    GUARD,
    IDENTITY,
    KEY_FILE,
    KEY_SECRET,
    MANIFEST,
    OBJECT,
    RECORDS,
)
from consent.server.backup.room import written_to
from consent.server.backup.sealed_file import SealedWriter, open_sealed
from consent.server.keys.derivation import FILE as DERIVATION
from consent.server.keys.index import FILE as KEY_INDEX
from consent.server.keys.index import read_index
from consent.server.stores import open_key_archive
from consent.server.wiring import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The two files of a backup, and what they are of."""

    data: Path
    keys: Path
    header: BackupHeader


def make_backup(wiring: Wiring, folder: Path, *, with_objects: bool = False) -> Made:
    """Back the registry up into `folder` while it runs. `with_objects` copies the object store's bytes as well.

    Memory is bounded by one object and a few pieces of pipe.

    Raises:
        SecretError: CONSENT_BACKUP_SECRET is not set.
        BackupError: a file could not be written, or did not read back as it was written.
        LogError: the database, the object store or the key store cannot be read, or the history was rolled back.
    """
    secret = wiring.settings.secrets.backup
    if not secret:
        raise SecretError(
            "CONSENT_BACKUP_SECRET is not set: a backup has a secret of its own, so that losing CONSENT_KEY_SECRET "
            "loses no backup. Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    parts: list[_Part] = []
    try:
        with written_to(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with one_moment(wiring) as moment, _sealed(folder, moment.header, secret, parts) as entries:
                pieces = dumped(wiring.settings.database, program=moment.program, snapshot=moment.snapshot)
                entries.add(DATABASE, pieces)
                _add_objects(entries, wiring.registry.log.objects, bodies=with_objects)
            # After the snapshot: whatever the data was sealed under was in the key store by then.
            with _sealed(folder, replace(moment.header, kind="keys"), secret, parts) as entries:
                _add_keys(entries, wiring)
            _name(parts, folder)
    finally:
        for part in parts:
            part.temporary.unlink(missing_ok=True)
    note_backup(wiring.registry.log.objects, moment.header)
    data, keys = (part.target for part in parts)
    return Made(data=data, keys=keys, header=moment.header)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One file while it has no name yet."""

    temporary: Path
    target: Path


@contextmanager
def _sealed(folder: Path, header: BackupHeader, secret: bytes, parts: list[_Part]) -> Iterator[EntryWriter]:
    """A sealed file, on disk and read back when the block is over; it joins `parts` at once."""
    temporary = folder / f".{header.file}.{secrets.token_hex(4)}.part"
    descriptor = open_new(temporary)
    parts.append(_Part(temporary=temporary, target=folder / header.file))
    with os.fdopen(descriptor, "wb") as file:
        writer = SealedWriter(file, header=write_header(header), secret=secret)
        entries = EntryWriter(writer.write)
        yield entries
        entries.finish()
        digest = writer.finish()
        file.flush()
        os.fsync(file.fileno())
    _read_back(temporary, secret=secret, digest=digest)


def open_new(path: Path) -> int:
    """A descriptor of a new file that only its owner reads."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _name(parts: Sequence[_Part], folder: Path) -> None:
    """Let both files be found, or none."""
    try:
        # Keys first. Crash in between: keys without data, which nobody takes for a backup, and which end.
        for part in reversed(parts):
            part.temporary.replace(part.target)
        durable_file.sync_directory(folder)
    except BaseException:
        for part in parts:
            part.target.unlink(missing_ok=True)
        raise


def _read_back(path: Path, *, secret: bytes, digest: bytes) -> None:
    found = hashlib.sha256()
    with path.open("rb") as file:
        _, pieces = open_sealed(file, secret=secret, name=path.name)
        for piece in pieces:
            found.update(piece)
    if found.digest() != digest:
        raise DamagedError(f"{path.name} reads back otherwise than it was written: is the disk sound?")


def _add_objects(entries: EntryWriter, objects: ObjectStore, *, bodies: bool) -> None:
    """The names of all objects, for whoever restores to see what the store lacks; on request their bytes too."""
    beside = Path(tempfile.gettempdir())
    with tempfile.TemporaryFile(dir=beside) as manifest:
        for name in objects.keys(""):
            if name.startswith(GUARD):
                continue
            if bodies:
                try:
                    entries.add(OBJECT + name, [objects.get(name)])
                except ObjectMissingError:
                    continue  # removed while we looked
            with written_to(beside):
                manifest.write(name.encode() + b"\n")
        with written_to(beside):
            manifest.seek(0)  # which writes what is left
        entries.add(MANIFEST, iter(lambda: manifest.read(PIPE_BYTES), b""))


def _add_keys(entries: EntryWriter, wiring: Wiring) -> None:
    """The key store, the registry's own keys, and the secret that opens both."""
    settings = wiring.settings
    archive = open_key_archive(settings)
    entries.add(IDENTITY, [archive.identity().encode()])
    entries.add(RECORDS, _record_lines(archive))
    index = read_index(settings.storage.keys)
    if index is None:
        raise BackupError(f"there are no keys in {settings.storage.keys}: run `consent-server migrate` first")
    names = [KEY_INDEX, *(key.file for key in index.keys)]
    for name in (name for name in (*names, DERIVATION) if (settings.storage.keys / name).exists()):
        entries.add(KEY_FILE + name, [(settings.storage.keys / name).read_bytes()])
    entries.add(KEY_SECRET, [settings.secrets.key_secret])


def _record_lines(archive: KeyArchive) -> Iterator[bytes]:
    for record, wrapped in archive.entries():
        kept = None if wrapped is None else base64.b64encode(wrapped).decode()
        yield msgspec.json.encode([record, kept]) + b"\n"
