"""Ids of requests: unique, not secret. They stand in answers and logs and open nothing."""

import os
import threading
import weakref
from itertools import count
from typing import Final

from consent.core.ids import new_id

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648 §6, lower case
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_COUNTED: Final = 4  # characters of an id that are counted; the 110 bits before them are drawn
_LIMIT: Final = 1 << (5 * _COUNTED)
_all: "weakref.WeakSet[RequestIds]" = weakref.WeakSet()


class RequestIds:
    """New ids, of the form of any other. Safe to share between threads; a forked child draws a beginning of its own."""

    def __init__(self) -> None:
        self._begin_anew()
        _all.add(self)

    def __call__(self) -> str:
        """One more."""
        next_number, head = self._from
        number = next_number()
        if number >= _LIMIT:
            with self._lock:
                if self._from[1] == head:
                    self._draw()
            return self()
        return head + _PAIRS[number >> 10] + _PAIRS[number & 1023]

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._draw()

    def _draw(self) -> None:
        self._from = (count().__next__, new_id("req")[:-_COUNTED])


def _begin_all_anew() -> None:
    for each in list(_all):
        each._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_anew)
