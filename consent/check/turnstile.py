"""How many questions of one process may ask the primary at once.

A node whose memory cannot be used sends every question there. Without a bound they would take the database from the
very feeder that has to make memory fresh again, and the node would stay as slow as it then is.
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from consent.core.wire.problem import ApiError

AT_ONCE: Final = 4  # half of the threads that answer by default
PATIENCE_S: Final = 1.0  # how long a question waits for a place: a cold process answers all the same


class Turnstile:
    """Safe to share between threads; a forked child begins anew."""

    def __init__(self, *, at_once: int = AT_ONCE, patience_s: float = PATIENCE_S) -> None:
        self._at_once = at_once
        self._patience_s = patience_s
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())

    def __repr__(self) -> str:
        return f"Turnstile(at_once={self._at_once})"

    def _begin_anew(self) -> None:
        self._places = threading.BoundedSemaphore(self._at_once)

    @contextmanager
    def place(self) -> Iterator[None]:
        """One question to the primary, while the block lasts.

        Raises:
            ApiError: `stale`, because as many as may are asking already.
        """
        places = self._places
        if not places.acquire(timeout=self._patience_s):
            raise ApiError("stale", f"{self._at_once} questions are asking the primary already. Come back.")
        try:
            yield
        finally:
            places.release()
