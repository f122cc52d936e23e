"""What a witness remembers: of each log the last checkpoint that it signed, on disk before the signature leaves."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consent.client.errors import ConfigurationError
from consent.client.files import PRIVATE_MODE, read_bounded, write_whole
from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.errors import SigningError
from signing.note import MAX_NOTE_BYTES, Note, parse_note

if sys.platform != "win32":
    import fcntl


def origin_id(origin: str) -> str:
    """The name under which monitors find a log: lower-case hex of SHA-256(origin) (C2SP tlog-witness)."""
    return hashlib.sha256(origin.encode()).hexdigest()


class Record:
    """The files of `folder`: `<id>.checkpoint` decides, `<id>.cosigned` is for monitors, `<id>.fork-…` is evidence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def last(self, origin: str) -> Checkpoint | None:
        """The last checkpoint of `origin` for which a signature may have left; None if there is none.

        Raises:
            ConfigurationError: the file cannot be read whole: nothing may be signed for this log.
        """
        path = self._path(origin, "checkpoint")
        if not path.exists():
            return None
        data = read_bounded(path, max_bytes=MAX_NOTE_BYTES, what="the checkpoint signed last")
        try:
            checkpoint = parse_checkpoint(parse_note(data).text)
        except SigningError as exc:
            raise ConfigurationError(f"expected the checkpoint signed last in {path}: {exc}") from exc
        if checkpoint.origin != origin:
            raise ConfigurationError(f"expected a checkpoint of {origin!a} in {path}")
        return checkpoint

    def remember(self, origin: str, note: Note) -> None:
        """Put `note` in the place of the last; on disk when this returns. Raises ConfigurationError."""
        write_whole(self._path(origin, "checkpoint"), note.format(), mode=PRIVATE_MODE)

    def publish(self, origin: str, cosigned: Note) -> None:
        """Keep the checkpoint with our signature for monitors."""
        write_whole(self._path(origin, "cosigned"), cosigned.format(), mode=PRIVATE_MODE)

    def cosigned(self, name: str) -> bytes | None:
        """What monitors are shown of the log with this `origin_id`; None if nothing was signed for it."""
        path = self._folder / f"{name}.cosigned"
        return read_bounded(path, max_bytes=MAX_NOTE_BYTES, what="a checkpoint") if path.exists() else None

    def keep_fork(self, origin: str, note: Note) -> Path:
        """Keep a checkpoint that contradicts the last one: with that one it proves that the log forked."""
        data = note.format()
        path = self._path(origin, f"fork-{hashlib.sha256(data).hexdigest()[:16]}")
        if not path.exists():
            write_whole(path, data, mode=PRIVATE_MODE)
        return path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes out of the folder until the block, or this process, ends.

        Raises:
            ConfigurationError: another witness works in it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, PRIVATE_MODE)
        try:
            if sys.platform != "win32":
                _lock(descriptor, self._folder)
            yield
        finally:
            os.close(descriptor)

    def _path(self, origin: str, suffix: str) -> Path:
        return self._folder / f"{origin_id(origin)}.{suffix}"


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise ConfigurationError(f"another witness works in {folder}; stop it first") from exc
