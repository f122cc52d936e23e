"""What else follows history through the feeder's own snapshots: the change feed's memory."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from consent.check.replica import Freshness
from consent.log.position import Head, Position


class Follower(Protocol):
    """Reads in every turn of a feeder, in the same snapshot as the facts, and takes over after they did."""

    def read(
        self, head: Head, *, after: Position | None, at: datetime, freshness: Freshness, reached: bool
    ) -> Callable[[], None]:
        """Called once per side inside the feeder's snapshot, once its facts are in memory and whoever waited for them
        was told; reads, and changes nothing yet.

        `after` is up to where the last applied turn read, None: begin anew. `freshness` is what this turn gives:
        its position is how far the turn reads, which is the head unless it was cut (`reached` false); nothing
        after that position may be taken in. `at` is the primary's clock. What is returned is called without the
        database, once every follower has read; it must not fail. When one of them fails none is called, and the
        next `after` is one that this follower never reached: it begins anew.
        """
        ...

    def begin_anew(self) -> None:
        """Forget everything: in a forked child, where any lock may stand closed for ever, and when the database
        lost acknowledged history."""
        ...
