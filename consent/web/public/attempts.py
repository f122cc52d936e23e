"""A brake on guessing and on flooding: so many tries from one address within ten minutes.

It counts in this process and forgets with it, on purpose: strangers can write no table, and nothing waits for
a lock. Several processes let through so many times more, which does not matter, since it guards nothing by
itself: codes have 80 random bits and more, links 256, and how many mails one person gets is counted in the
database (`lost_key`).
"""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from django.http import HttpRequest

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
            return len(self._recent(address_of(request))) >= self._limit

    def note(self, request: HttpRequest) -> None:
        """Count one try."""
        address = address_of(request)
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


def address_of(request: HttpRequest) -> str:
    """Where a request comes from: the peer, or behind a proxy of ours what that proxy says of its own peer.

    Only the last entry of X-Forwarded-For is read, and only from a neighbour: it is what the nearest proxy
    wrote. IPv6 visitors count by their /64, since each has one to choose addresses from.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    found = _parse(peer)
    if found is None or found.is_loopback or found.is_private:
        found = _parse(told) or found
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return "" if found is None else str(found)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
