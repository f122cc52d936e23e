"""What keeps a local copy fresh from the first question on, over forks and restarts."""

import os
import threading
import time
import weakref
from collections.abc import Callable

from consent.client.errors import ConfigurationError, Unavailable
from consent.client.local.file import LocalFile
from consent.client.local.follower import Follower
from consent.client.local.freshness import Freshness
from consent.client.local.memory import Memory
from consent.client.local.packages import Packages
from consent.client.local.page import PageSource
from consent.client.local.picture import Picture
from consent.client.local.poller import Poller

STOP_S = 5.0  # for a request that is under way


class Keeper:
    """Memory that is kept fresh. `sources` makes what asks the registry, anew in a forked child."""

    def __init__(
        self,
        memory: Memory,
        follower: Follower,
        *,
        sources: Callable[[], PageSource],
        file: LocalFile | None,
        between: Callable[[], None] = lambda: None,
        packages: Packages | None = None,
    ) -> None:
        self.memory = memory
        self._follower = follower
        self._sources = sources
        self._file = file
        self._between = between
        self.packages = packages
        self._poller: Poller | None = None
        self._starting = threading.Lock()
        self._closed = False
        _survive_forks(self)

    @property
    def reading(self) -> int:
        """Of how many pairs the facts were read for a copy that is not complete yet."""
        return self._follower.reading

    @property
    def file_problem(self) -> str | None:
        """Why the file is not read or written, if so."""
        return None if self._file is None else self._file.problem

    def start(self) -> None:
        """Begin to follow, once a process.

        Raises:
            ConfigurationError: it was closed.
        """
        with self._starting:
            if self._closed:
                raise ConfigurationError("this local registry was closed; make another")
            if self._poller is not None:
                return
            if self._file is not None and self.memory.picture is None:
                self._file.load(self.memory, self._follower)
            # Weakly, so that one that nobody holds any longer ends its thread.
            after_turn = weakref.WeakMethod(self._after_turn)
            poller = Poller(
                self.memory, self._follower.step, between=lambda: (call := after_turn()) and call()
            )
            weakref.finalize(self, poller.stopping.set)
            self._poller = poller
            poller.start()
            self.memory.followed = True

    def wait(self, timeout_s: float) -> tuple[Freshness, Picture]:
        """The first complete copy.

        Raises:
            Unauthorized: the key is refused.
            Unavailable: it did not come in time.
        """
        memory, deadline = self.memory, time.monotonic() + timeout_s
        with memory.lock:
            while True:
                if memory.dead is not None:
                    raise memory.dead
                if memory.fresh is not None and memory.picture is not None:
                    return memory.fresh, memory.picture
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    why = f": {memory.refusal}" if memory.refusal is not None else ""
                    raise Unavailable(
                        f"there is no complete copy of the registry's facts on this machine yet{why}"
                    )
                memory.changed.wait(left_s)

    def close(self) -> None:
        """Stop following, and write the file where there is one. Nothing is answered afterwards."""
        with self._starting:
            self._closed = True
            poller, self._poller = self._poller, None
            self.memory.followed = False
        if poller is not None:
            poller.stop(wait_s=STOP_S)
        if self._file is not None:
            self._file.save(self.memory, self._follower, always=True)
            self._file.release()
        closed = ConfigurationError("this local registry was closed; make another")
        with self.memory.lock:
            self.memory.forget(closed)
            self.memory.dead = closed
            self.memory.changed.notify_all()

    def _after_turn(self) -> None:
        self._between()
        if self._file is not None:
            self._file.save(self.memory, self._follower)

    def before_fork(self) -> None:
        """Nobody is in the middle of a change while the process is copied."""
        self._starting.acquire()
        self.memory.lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self.memory.lock.release()
        self._starting.release()

    def after_fork_in_child(self) -> None:
        """What is known stays known, and grows old; this process follows by itself, from its next question on."""
        self._starting = threading.Lock()
        self.memory.begin_anew()
        self._poller = None
        self._follower.begin_anew(self._sources())
        if self._file is not None:
            self._file.forked()


def _survive_forks(keeper: Keeper) -> None:
    if not hasattr(os, "register_at_fork"):
        return
    known = weakref.ref(keeper)
    held: list[Keeper] = []  # across one fork: who locks must also unlock

    def before() -> None:
        if (found := known()) is not None:
            found.before_fork()
            held.append(found)

    def in_parent() -> None:
        if held:
            held.pop().after_fork_in_parent()

    def in_child() -> None:
        if held:
            held.pop().after_fork_in_child()

    os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)
