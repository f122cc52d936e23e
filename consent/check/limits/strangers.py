"""Keys that nobody here knows: limited by the address that they come from, before anybody is asked about them.

A key that was good here a while ago passes without being counted, so that no flood of invented keys shuts out who
works with a real one. Of the others each address has some tries, and all addresses together have as many as the
primary may be troubled with. All of it is bounded, and forgotten with the process.
"""

import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

from consent.check.limits.addresses import address_of
from consent.check.limits.bucket import Bucket
from consent.check.limits.fields import policy, refusal
from consent.core.wire.problem import ApiError

TRIES: Final = 60  # of one address at once: a fleet that starts behind one address has many good keys
TRIES_PER_S: Final = 1.0
MAX_ADDRESSES: Final = 10_000  # the one that was quiet longest is forgotten first
ALL_TRIES: Final = 1000  # of all addresses together, at once
ALL_TRIES_PER_S: Final = 200.0  # they are looked up together, some twenty times a second
MAX_KNOWN: Final = 100_000  # digests of keys that were good
POLICY: Final = "unknown-keys"


class Strangers:
    """Safe to share between threads; a forked child begins anew. `monotonic` counts seconds."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())

    def __repr__(self) -> str:
        return f"Strangers({len(self._addresses)} addresses)"

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._addresses: OrderedDict[str, Bucket] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._all = Bucket(rate=ALL_TRIES_PER_S, size=ALL_TRIES, now=self._monotonic())
        self.refused = 0

    def knock(self, digest: bytes, meta: Mapping[str, Any]) -> None:
        """Before a key is looked up that is not in memory; `meta` is the WSGI environment.

        Raises:
            ApiError: 429, this address has no try left, or all together have none. Nobody was asked.
        """
        with self._lock:
            if digest in self._known:
                return
            now = self._monotonic()
            own = self._bucket(address_of(meta), now)
            if not own.take(1, now):
                raise self._refused(own)
            if not self._all.take(1, now):
                raise self._refused(self._all)

    def welcome(self, digest: bytes, meta: Mapping[str, Any]) -> None:
        """It is a good key: its try was none, and it is known from now on."""
        if digest in self._known:
            return
        with self._lock:
            self._known[digest] = None
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
            own = self._bucket(address_of(meta), self._monotonic())
            for bucket in (own, self._all):
                bucket.level = min(bucket.size, bucket.level + 1)

    def forget(self, digest: bytes) -> None:
        """It is no good key any more."""
        with self._lock:
            self._known.pop(digest, None)

    def _bucket(self, address: str, now: float) -> Bucket:
        found = self._addresses.pop(address, None)
        if found is None:
            found = Bucket(rate=TRIES_PER_S, size=TRIES, now=now)
        self._addresses[address] = found
        if len(self._addresses) > MAX_ADDRESSES:
            self._addresses.popitem(last=False)
        return found

    def _refused(self, bucket: Bucket) -> ApiError:
        self.refused += 1
        told = (("RateLimit-Policy", policy(POLICY, quota=TRIES, window_s=int(TRIES / TRIES_PER_S))),)
        detail = "too many keys that are not valid came from this address"
        return refusal("rate_limited", POLICY, after_s=bucket.wait_s(1), headers=told, detail=detail)
