"""What the follower writes and questions read, under one lock: facts, and how fresh they are.

A question takes facts and freshness together, then reads the clock: it never sees half of an answer, and never
counts facts as fresher than they were.
"""

import threading
from dataclasses import dataclass

from consent.client.local.freshness import Freshness
from consent.client.local.pairs import PairName
from consent.client.local.picture import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far the feed was followed: the organization's counter, the token to go on from, and of which history."""

    counter: int
    after: str
    history: str
    as_of_ms: int


class Memory:
    """`fresh` None: nothing may be answered, and `refusal` says why. `cursor` None: the next answer begins anew."""

    def __init__(self) -> None:
        self.begin_anew()
        self.picture: Picture | None = None
        self.fresh: Freshness | None = None
        self.cursor: Cursor | None = None
        self.refusal: Exception | None = None
        self.dead: Exception | None = None
        self.changes = 0  # how often facts changed: a file is written only when there is something new

    def begin_anew(self) -> None:
        """A lock of its own, as in a new process, that nobody follows for yet; what is known stays known."""
        self.followed = False
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)

    def forget(self, why: Exception) -> None:
        """Refuse everything until there is a complete new picture. The caller holds the lock."""
        self.picture = None
        self.fresh = None
        self.cursor = None
        self.refusal = why
        self.changes += 1

    def compile_anew(self, name: PairName) -> None:
        """What is accepted of a pair has changed."""
        with self.lock:
            self.changes += 1
            if self.picture is not None:
                self.picture.dropped(name)
