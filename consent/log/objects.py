"""What the log asks of an object store, and the alphabet of keys that every store can hold."""

import re
from collections.abc import Iterator
from typing import Protocol

from consent.log.errors import ObjectKeyError

MAX_KEY_CHARS = 512  # S3 allows 1,024 bytes; the rest is room for a bucket prefix
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class ObjectStore(Protocol):
    """Named bytes. Every method raises StoreUnavailableError when the store fails, never a foreign error.

    A key never is also the folder of another key (`a` and `a/b`): files cannot hold both.
    """

    def put(self, key: str, data: bytes, *, immutable: bool) -> None:
        """Persist `data`; durable when this returns.

        With `immutable`, writing the same bytes again succeeds and other bytes raise ImmutableError.
        Two writers of other bytes at the same instant are told apart only where the store honours
        conditional writes: put what depends on it under a key that names its content or its writer.
        """

    def replace(self, key: str, data: bytes, *, expected: bytes | None) -> None:
        """Persist `data` if `key` still holds `expected` (None: nothing); otherwise ObjectChangedError.

        Writers of one file system, or of a store that honours conditional writes, cannot both succeed from one
        state. Elsewhere the comparison comes just before the write: look again later.
        """

    def get(self, key: str) -> bytes:
        """The bytes of `key`; ObjectMissingError if there are none."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that begins with `prefix`, in the order of its bytes."""

    def delete(self, key: str) -> None:
        """Remove `key`; nothing if it is not there.

        Nobody finds it from now on. It may be back after a loss of power: what must be forgotten for
        certain is sealed, and its key destroyed.
        """


def checked_key(key: str) -> str:
    """`key` if every store can hold it; ObjectKeyError otherwise (no dot segments, no empty ones)."""
    if len(key) > MAX_KEY_CHARS or not _KEY.fullmatch(key):
        raise ObjectKeyError(f"object key {key[:80]!r} is not segments of A–Z a–z 0–9 . _ -")
    return key
