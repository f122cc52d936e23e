"""A brake on what is no question: it protects this process, and is the same for all keys.

There are two, so that neither uses up the other: one on polls of the change feed, one on every other call.
"""

import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from consent.check.limits.bucket import Bucket
from consent.check.limits.fields import Header, policy, refusal

MAX_KEYS: Final = 10_000  # the one that was quiet longest is forgotten first


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """`size` calls at once, and `per_s` more in each second, of one key in one process; `words` say so to people."""

    name: str
    size: int
    per_s: float
    words: str


CALLS: Final = Allowance(
    name="calls", size=6000, per_s=100.0, words="at most 6000 calls a minute with one key, besides questions"
)
# Two hundred and fifty programs of one key that poll four times a second, and a thousand pages of snapshots at once.
POLLS: Final = Allowance(
    name="changes",
    size=10_000,
    per_s=1000.0,
    words="at most 10000 polls of /v1/changes in ten seconds with one key, a page of a snapshot being ten",
)


class Brake:
    """Counted in this process alone. Safe to share between threads; a forked child begins anew."""

    def __init__(self, allowance: Allowance, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._allowance = allowance
        window_s = int(allowance.size / allowance.per_s)
        self._told = ("RateLimit-Policy", policy(allowance.name, quota=allowance.size, window_s=window_s))
        self._monotonic = monotonic
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())

    def __repr__(self) -> str:
        return f"Brake({self._allowance.name}, {len(self._keys)} keys)"

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._keys: OrderedDict[str, Bucket] = OrderedDict()
        self.refused = 0

    def count(self, key: str, cost: int = 1, *, before: int = 0) -> tuple[Header, ...]:
        """Count `cost` calls, beside `before` of the same request; the headers that tell where the key stands.

        Raises:
            ApiError: 429, too many came.
        """
        allowed = self._allowance
        with self._lock:
            now = self._monotonic()
            bucket = self._keys.pop(key, None) or Bucket(rate=allowed.per_s, size=allowed.size, now=now)
            self._keys[key] = bucket
            if len(self._keys) > MAX_KEYS:
                self._keys.popitem(last=False)
            passed = bucket.take(cost, now, before=before)
            headers = (self._told, ("RateLimit", f'"{allowed.name}";r={bucket.whole};t=1'))
            if not passed:
                self.refused += 1
                after_s = bucket.wait_s(cost)
                raise refusal(
                    "rate_limited", allowed.name, after_s=after_s, headers=headers, detail=allowed.words
                )
            return headers
