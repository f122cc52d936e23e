"""The one thread of a process that does what limits need now and then: about once a second, while there is anything.

It tells the primary what was counted, and gives back what was reserved and not used. No question waits for it.
"""

import logging
import os
import threading
import weakref
from collections.abc import Callable, Sequence

from django.db import DatabaseError, close_old_connections, connection

from consent.log.errors import LogError

EVERY_S = 1.0
Work = Callable[[], bool]  # does it once; whether there is more to come
_logger = logging.getLogger(__name__)


class Rounds:
    """Runs `work` every `every_s` from the first `wake` until there is no more, and again from the next one."""

    def __init__(self, *, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._works: Sequence[Work] = ()
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())

    def _begin_anew(self) -> None:
        """As in a new process: a forked child has no thread."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._busy = False

    def add(self, work: Work) -> None:
        """Do this, too, each time."""
        self._works = (*self._works, work)

    def wake(self) -> None:
        """There is something to do; costs next to nothing while the thread is at it."""
        if self._busy:
            return
        with self._lock:
            self._busy = True
            self._wake.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="limits", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread, and do everything a last time."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self.once()

    def once(self) -> bool:
        """Do everything once; whether there is more to come. What fails is told, and comes round again."""
        more = False
        for work in self._works:
            close_old_connections()  # as Django does at the beginning of each request
            try:
                more = work() or more
            except (DatabaseError, LogError) as exc:
                _logger.warning("counts could not be told to the primary: %s", type(exc).__name__)
                more = True
            except Exception:  # a thread that ended would never tell again
                _logger.exception("counting failed as nothing should; it comes round again")
                more = True
        return more

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            more = True
            while more and not self._stop.wait(self._every_s):
                # Before it is done: whoever counts meanwhile wakes it again.
                self._busy = False
                more = self.once()
                self._busy = self._busy or more
        connection.close()
