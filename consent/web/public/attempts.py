"""A brake on guessing and on flooding: so many tries from one address within ten minutes.

It counts in this process and forgets with it, on purpose: strangers can write no table, and nothing waits for
a lock. Several processes let through so many times more, which does not matter, since it guards nothing by
itself: codes have 80 random bits and more, links 256, and how many mails one person gets is counted in the
database (`lost_key`).
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from django.http import HttpRequest

from consent.check.limits.addresses import address_of

WINDOW_S = 600.0
MAX_ADDRESSES = 10_000  # the one that was quiet longest is forgotten first


class Attempts:
    """At most `limit` tries an address within ten minutes."""

    def __init__(self, limit: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def used_up(self, request: HttpRequest) -> bool:
        """Whether this address has no try left."""
        with self._lock:
            return len(self._recent(address_of(request.META))) >= self._limit

    def note(self, request: HttpRequest) -> None:
        """Count one try."""
        address = address_of(request.META)
        with self._lock:
            tries = self._recent(address)
            tries.append(self._monotonic())
            self._tries[address] = tries
            self._tries.move_to_end(address)
            while len(self._tries) > MAX_ADDRESSES:
                self._tries.popitem(last=False)

    def _recent(self, address: str) -> deque[float]:
        tries = self._tries.get(address, deque(maxlen=self._limit))
        while tries and tries[0] <= self._monotonic() - WINDOW_S:
            tries.popleft()
        return tries
