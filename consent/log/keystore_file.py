"""A key store in a folder: one file per record, a tombstone where one was destroyed."""

import hashlib
import secrets
from pathlib import Path

from consent.log import durable_file
from consent.log.errors import KeyMissingError, KeyStoreUnavailableError, RecordDestroyedError
from consent.log.keystore import checked_record

_IDENTITY = "identity"


class FileKeyStore:
    """Wrapped keys under `root`; safe for many threads and processes on one file system.

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
            durable_file.make_directories(path.parent, root=self._root)
            if not tombstone.exists() and durable_file.create(path, wrapped):
                # A destroy may have passed in between: its tombstone outranks our key.
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
            durable_file.make_directories(path.parent, root=self._root)
            durable_file.create(tombstone, b"")
            # Crash after this line: the tombstone alone already refuses; the next destroy removes the key.
            durable_file.remove(path)
        except OSError as exc:
            raise KeyStoreUnavailableError(f"key store cannot destroy a key: {exc.strerror}") from exc

    def _paths(self, record: str) -> tuple[Path, Path]:
        """Where the key and the tombstone of `record` stand, in one of 256 folders."""
        checked_record(record)
        folder = self._root / hashlib.sha256(record.encode()).hexdigest()[:2]
        return folder / f"{record}.key", folder / f"{record}.destroyed"
