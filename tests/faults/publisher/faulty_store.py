"""A store that does something wrong at its n-th step: each operation that persists has a step before and one after."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from consent.log.errors import StoreUnavailableError
from consent.log.objects import ObjectStore
from consent.log.storage_s3 import S3ObjectStore


class Steps:
    """Counts durable steps of a process, of any thread, and acts at one of them."""

    def __init__(self, at: int, act: Callable[[], None], *, only: str = "") -> None:
        self._at = at
        self._act = act
        self._only = only
        self._count = 0
        self._lock = threading.Lock()
        self.where = ""

    def step(self, name: str) -> None:
        """One more step."""
        with self._lock:
            if not name.endswith(self._only):
                return
            self._count += 1
            acts = self._count == self._at
            if acts:
                self.where = name
        if acts:
            self._act()


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_here() -> None:
    """Stop until somebody says SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def fail() -> None:
    """Fail as a store does whose answer does not come."""
    raise StoreUnavailableError("the store did not answer")


class OfThisProcess:
    """A store in S3 whose client every process makes for itself: a forked one would share its parent's connections."""

    def __init__(self, make: Callable[[], S3ObjectStore]) -> None:
        self._make = make
        self._made: dict[int, S3ObjectStore] = {}
        self._lock = threading.Lock()

    def here(self) -> S3ObjectStore:
        """The store of this process."""
        with self._lock:
            if os.getpid() not in self._made:
                self._made[os.getpid()] = self._make()
            return self._made[os.getpid()]

    def watch(self, step: Callable[[str], None]) -> None:
        """Tell `step` each write of this process when it is about to be sent: after the look, before the server."""

        def sending(request: Any, **_: object) -> None:
            if request.method == "PUT":
                step(f"send {request.url}")

        self.here()._client.meta.events.register("before-send.s3", sending)

    def put(self, key: str, data: bytes, *, immutable: bool) -> None:
        """As the store does."""
        self.here().put(key, data, immutable=immutable)

    def replace(self, key: str, data: bytes, *, expected: bytes | None) -> None:
        """As the store does."""
        self.here().replace(key, data, expected=expected)

    def get(self, key: str) -> bytes:
        """As the store does."""
        return self.here().get(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """As the store does."""
        return self.here().keys(prefix)

    def delete(self, key: str) -> None:
        """As the store does."""
        self.here().delete(key)


class FaultyStore:
    """An object store whose persisting operations are steps."""

    def __init__(self, store: ObjectStore, steps: Steps) -> None:
        self._store = store
        self._steps = steps

    def put(self, key: str, data: bytes, *, immutable: bool) -> None:
        """Step, put, step."""
        self._steps.step(f"put {key} before")
        self._store.put(key, data, immutable=immutable)
        self._steps.step(f"put {key} after")

    def replace(self, key: str, data: bytes, *, expected: bytes | None) -> None:
        """Step, replace, step."""
        self._steps.step(f"replace {key} before")
        self._store.replace(key, data, expected=expected)
        self._steps.step(f"replace {key} after")

    def get(self, key: str) -> bytes:
        """As it is."""
        return self._store.get(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """As they are."""
        return self._store.keys(prefix)

    def delete(self, key: str) -> None:
        """Step, delete, step."""
        self._steps.step(f"delete {key} before")
        self._store.delete(key)
        self._steps.step(f"delete {key} after")
