"""A key store in a folder: one file per record, a tombstone where one was destroyed."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from consent.log import durable_file
from consent.log.errors import KeyMissingError, KeyStoreUnavailableError, RecordDestroyedError
from consent.log.keystore import Kept, checked_record

_IDENTITY = "identity"
_KEY, _TOMBSTONE = ".key", ".destroyed"


class FileKeyStore:
    """Wrapped keys under `root`; safe for many threads and processes on one file system.

    Each of its 256 folders is written by one at a time. Whoever is killed at it leaves the old key or the new one, and
    perhaps a copy under a temporary name; whoever writes there next removes such copies first, so that a key which is
    destroyed has none left. Where there is no `flock` two may write at once, and the tombstone alone decides.

    Keep this folder out of the backups of everything else, and its own for at most 7 days
    (DESIGN §9): an erasure is complete when the last backup of it has expired.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Only an empty folder becomes a store: keys without an identity are a damaged one.
            if not any(entry for entry in root.iterdir() if not entry.name.startswith(".")):
                durable_file.create(root / _IDENTITY, secrets.token_hex(16).encode())
        except OSError as exc:
            raise KeyStoreUnavailableError(f"key store folder cannot be prepared: {exc.strerror}") from exc

    def identity(self) -> str:
        """The random id of this folder."""
        try:
            return (self._root / _IDENTITY).read_text("ascii")
        except (OSError, UnicodeDecodeError) as exc:
            raise KeyStoreUnavailableError("key store folder has no readable identity") from exc

    def create(self, record: str, wrapped: bytes) -> bytes:
        """Keep `wrapped` unless the record has a key; returns the kept one."""
        path, tombstone = self._paths(record)
        try:
            with self._writing(path.parent):
                if not tombstone.exists() and durable_file.create(path, wrapped):
                    # Without `flock` a destroy may have passed in between: its tombstone outranks our key.
                    if not tombstone.exists():
                        return wrapped
                    durable_file.remove(path)
        except OSError as exc:
            raise KeyStoreUnavailableError(f"key store cannot keep a key: {exc.strerror}") from exc
        return self.read(record)

    def read(self, record: str) -> bytes:
        """The wrapped key of `record`."""
        path, tombstone = self._paths(record)
        try:
            if tombstone.exists():
                raise RecordDestroyedError(f"the key of {record} was destroyed")
            return path.read_bytes()
        except FileNotFoundError as exc:
            if tombstone.exists():
                raise RecordDestroyedError(f"the key of {record} was destroyed") from exc
            raise KeyMissingError(f"there is no key of {record}") from exc
        except OSError as exc:
            raise KeyStoreUnavailableError(f"key store cannot read a key: {exc.strerror}") from exc

    def destroy(self, record: str) -> None:
        """Tombstone first, then the key."""
        path, tombstone = self._paths(record)
        try:
            with self._writing(path.parent):
                durable_file.create(tombstone, b"")
                # Crash after this line: the tombstone alone already refuses; the next destroy removes the key.
                durable_file.remove(path)
        except OSError as exc:
            raise KeyStoreUnavailableError(f"key store cannot destroy a key: {exc.strerror}") from exc

    def entries(self) -> Iterator[Kept]:
        """Every record, folder by folder."""
        try:
            for folder in sorted(path for path in self._root.iterdir() if path.is_dir()):
                names = sorted(path.name for path in folder.iterdir())
                gone = {name.removesuffix(_TOMBSTONE) for name in names if name.endswith(_TOMBSTONE)}
                yield from ((record, None) for record in sorted(gone))
                for record in (name.removesuffix(_KEY) for name in names if name.endswith(_KEY)):
                    if record not in gone:
                        yield record, self._wrapped_or_destroyed(record)
        except OSError as exc:
            raise KeyStoreUnavailableError(f"key store cannot be listed: {exc.strerror}") from exc

    def load(self, identity: str, entries: Iterable[Kept]) -> int:
        """Write all keys, then everything to disk, and the identity last: without one it is no store."""
        if any(path.name != _IDENTITY for path in self._root.iterdir()):
            raise KeyStoreUnavailableError(
                f"key store folder {self._root} holds keys already: use an empty one"
            )
        loaded = 0
        try:
            (self._root / _IDENTITY).unlink(missing_ok=True)
            for record, wrapped in entries:
                path, tombstone = self._paths(record)
                path.parent.mkdir(mode=0o700, exist_ok=True)
                target = tombstone if wrapped is None else path
                with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(wrapped or b"")
                loaded += 1
            _sync_everything()
            durable_file.create(self._root / _IDENTITY, identity.encode())
        except OSError as exc:
            raise KeyStoreUnavailableError(f"key store cannot be filled: {exc.strerror}") from exc
        return loaded

    def rewrap(self, record: str, *, old: bytes, new: bytes) -> bool:
        """Replace the file, unless it changed; a destroy in between outranks, by its tombstone."""
        path, tombstone = self._paths(record)
        try:
            with self._writing(path.parent):
                if tombstone.exists() or path.read_bytes() != old:
                    return False
                # Crash in here: the file is the old one or the new one, and opens under one of the two secrets.
                durable_file.replace(path, new)
                if tombstone.exists():
                    durable_file.remove(path)
                    return False
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise KeyStoreUnavailableError(f"key store cannot keep a key: {exc.strerror}") from exc
        return True

    @contextlib.contextmanager
    def _writing(self, folder: Path) -> Iterator[None]:
        """The folder, made if need be, for this writer alone, without copies that a killed one left."""
        durable_file.make_directories(folder, root=self._root)
        with durable_file.locked(folder) as alone:
            if alone:
                durable_file.remove_temporary(folder)
            yield

    def _wrapped_or_destroyed(self, record: str) -> bytes | None:
        with contextlib.suppress(RecordDestroyedError):
            return self.read(record)
        return None

    def _paths(self, record: str) -> tuple[Path, Path]:
        """Where the key and the tombstone of `record` stand, in one of 256 folders."""
        checked_record(record)
        folder = self._root / hashlib.sha256(record.encode()).hexdigest()[:2]
        return folder / f"{record}{_KEY}", folder / f"{record}{_TOMBSTONE}"


def _sync_everything() -> None:
    """All file systems at once: one call for hundreds of thousands of small files."""
    if hasattr(os, "sync"):
        os.sync()
