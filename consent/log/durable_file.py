"""Files that are wholly there or not there, also after power is lost."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_TEMPORARY = ".tmp-"  # listings leave out what begins with a dot


def make_directories(path: Path, *, root: Path) -> None:
    """Make `path` below an existing `root`, each new directory entry on disk when this returns."""
    missing = []
    while path != root and not path.exists():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)
        sync_directory(directory.parent)


def replace(path: Path, data: bytes) -> None:
    """Put `data` at `path`, over whatever stands there; on disk when this returns."""
    temporary = _write_temporary(path, data)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def create(path: Path, data: bytes) -> bool:
    """Put `data` at `path` if nothing stands there; True if it did. On disk when this returns."""
    temporary = _write_temporary(path, data)
    try:
        # A hard link, unlike a rename, fails where a name exists: of two writers one wins.
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
        # Also for the loser: the winner's name must be on disk before anybody relies on it.
        sync_directory(path.parent)
    return True


def remove(path: Path) -> None:
    """Remove `path` if it is there; gone from disk when this returns."""
    path.unlink(missing_ok=True)
    if path.parent.exists():
        sync_directory(path.parent)


def remove_temporary(folder: Path) -> None:
    """Remove what writers that were killed left in `folder`; for whoever is its only writer now."""
    left = [path for path in folder.iterdir() if path.name.startswith(_TEMPORARY)]
    for path in left:
        path.unlink(missing_ok=True)
    if left:
        sync_directory(folder)


@contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Keep others who ask for the same out of `folder`, which exists; ends with the block or the process.

    Gives whether they are: where there is no `flock` nobody is kept out.
    """
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield sys.platform != "win32"
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """fsync a directory, so that the names in it are on disk; nothing where directories cannot be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_temporary(path: Path, data: bytes) -> Path:
    """A synced file of `data` beside `path`, named so that listings leave it out."""
    temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
