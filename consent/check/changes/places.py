"""Places at the primary: so many read there at once, and of one organization only some of them."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from consent.core.wire.problem import ApiError


class Places:
    """Nobody waits for a place. Safe to share between threads."""

    def __init__(self, total: int, *, of_one: int) -> None:
        self._total = total
        self._of_one = of_one
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"Places({self._taken.total()} of {self._total})"

    @contextmanager
    def taken(self, organization: str) -> Iterator[None]:
        """Hold a place while the block runs.

        Raises:
            ApiError: `unavailable`: this organization holds what one may hold, or all places are taken.
        """
        with self._lock:
            if self._taken[organization] >= self._of_one:
                detail = f"your organization reads {self._of_one} at once from the primary already; come back"
                raise ApiError("unavailable", detail)
            if self._taken.total() >= self._total:
                raise ApiError("unavailable", "too many pages are being read from the primary; come back")
            self._taken[organization] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[organization] -= 1
                self._taken += Counter()  # drops who holds none
