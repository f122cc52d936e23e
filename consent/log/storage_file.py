"""An object store in a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from consent.log import durable_file
from consent.log.errors import (
    ImmutableError,
    ObjectChangedError,
    ObjectMissingError,
    StoreUnavailableError,
)
from consent.log.objects import checked_key


class FileObjectStore:
    """Objects as files under `root`; safe for many threads and processes on one file system."""

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreUnavailableError(f"object folder cannot be prepared: {exc.strerror}") from exc

    def put(self, key: str, data: bytes, *, immutable: bool) -> None:
        """Write beside, sync, and link or rename into place."""
        path = self._path(key)
        try:
            durable_file.make_directories(path.parent, root=self._root)
            if not immutable:
                durable_file.replace(path, data)
                return
            created = durable_file.create(path, data)
        except OSError as exc:
            raise StoreUnavailableError(f"object {key} cannot be written: {exc.strerror}") from exc
        if not created and self.get(key) != data:
            raise ImmutableError(f"object {key} already holds other bytes")

    def replace(self, key: str, data: bytes, *, expected: bytes | None) -> None:
        """Compare and write under a lock that ends with its process."""
        path = self._path(key)
        try:
            durable_file.make_directories(path.parent, root=self._root)
            with durable_file.locked(path.parent):
                found = path.read_bytes() if path.exists() else None
                if found == expected:
                    durable_file.replace(path, data)
        except OSError as exc:
            raise StoreUnavailableError(f"object {key} cannot be replaced: {exc.strerror}") from exc
        if found != expected:
            raise ObjectChangedError(f"object {key} was changed by somebody else")

    def get(self, key: str) -> bytes:
        """The bytes of `key`."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as exc:
            raise ObjectMissingError(f"there is no object {key}") from exc
        except OSError as exc:
            raise StoreUnavailableError(f"object {key} cannot be read: {exc.strerror}") from exc

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that begins with `prefix`, in the order of its bytes."""
        found = []
        start = self._root / prefix.rpartition("/")[0]
        try:
            for folder, _, names in os.walk(start, onerror=_unless_missing):
                base = Path(folder).relative_to(self._root)
                found += [(base / name).as_posix() for name in names if not name.startswith(".")]
        except OSError as exc:
            raise StoreUnavailableError(f"objects cannot be listed: {exc.strerror}") from exc
        yield from sorted(key for key in found if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove `key`; nothing if it is not there."""
        try:
            self._path(key).unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except OSError as exc:
            raise StoreUnavailableError(f"object {key} cannot be removed: {exc.strerror}") from exc

    def _path(self, key: str) -> Path:
        """Where `key` stands; a checked key cannot leave the root."""
        return self._root / checked_key(key)


def _unless_missing(error: OSError) -> None:
    """A listing fails if a folder cannot be read, but not if it went away or never was."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
