"""What the sealer asks of a key store; kept apart from the database and its long backups."""

import re
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeAlias

from consent.log.errors import KeyStoreError

_RECORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


Kept: TypeAlias = tuple[str, bytes | None]  # a record with its wrapped key, or None where it was destroyed


class KeyStore(Protocol):
    """Wrapped per-record keys. First writer wins; destroyed for ever; durable when a call returns.

    Every method raises KeyStoreUnavailableError when the store fails.
    """

    def identity(self) -> str:
        """The random id that this store got when it was made: another store is another id."""

    def create(self, record: str, wrapped: bytes) -> bytes:
        """Keep `wrapped` for a new record; returns what is kept, which an earlier call may have set.

        Raises:
            RecordDestroyedError: the record's key was destroyed; it never gets another.
        """

    def read(self, record: str) -> bytes:
        """The wrapped key of `record`.

        Raises:
            KeyMissingError: there never was one.
            RecordDestroyedError: it was destroyed.
        """

    def destroy(self, record: str) -> None:
        """Remove the key and remember only that it was removed; once more does nothing."""


class KeyArchive(Protocol):
    """A key store as its backups see it. Every method raises KeyStoreUnavailableError when the store fails."""

    def identity(self) -> str:
        """The random id that this store got when it was made."""

    def entries(self) -> Iterator[Kept]:
        """Every record, also the destroyed ones. One that changes meanwhile is told as it was, or as it is."""

    def load(self, identity: str, entries: Iterable[Kept]) -> int:
        """Become the store that was backed up, all or nothing; returns how many records it has.

        Raises:
            KeyStoreUnavailableError: this store holds keys already.
        """

    def rewrap(self, record: str, *, old: bytes, new: bytes) -> bool:
        """Put `new` in the place of exactly `old`; False if the record holds something else by now."""


def checked_record(record: str) -> str:
    """`record` if it is an opaque id that is safe in a path and a row; KeyStoreError otherwise."""
    if not _RECORD.fullmatch(record):
        raise KeyStoreError(f"record id {record!r} is not 1–100 of a–z, 0–9, _ and -")
    return record
