"""I5, I12: every answer is what the history says at the position that the answer names.

The events up to that position are folded to "does this grant stand"; so an answer that was put together from two
positions, a page that was skipped, or a batch that differs from a single question is found, whoever gave it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from tests.history.record import History

STANDS = {"grant.active": True, "grant.resumed": True, "grant.paused": False, "grant.ended": False}


def answers_off_history(
    history: History, *, standing: Mapping[str, "Standing"], seqs: Mapping[str, int]
) -> Iterator[str]:
    """`standing` of each pair; `seqs` is what the position tokens mean."""
    told: dict[tuple[str, str], bool] = {}
    for row in history.asked:
        if told.setdefault((row.position, row.pair), row.allowed) == row.allowed:
            expected = standing[row.pair].at(seqs[row.position])
            if row.allowed == expected:
                continue
        yield (
            f"{row.pair} was {'allowed' if row.allowed else 'denied'} by node {row.node} at seq "
            f"{seqs[row.position]}, where the history says otherwise"
        )


class Standing:
    """When the grant of one pair stood: seqs in ascending order, and what each of them made of it."""

    def __init__(self) -> None:
        self._seqs: list[int] = []
        self._stands: list[bool] = []

    def add(self, seq: int, kind: str) -> None:
        """The next event about this pair."""
        if kind in STANDS:
            self._seqs.append(seq)
            self._stands.append(STANDS[kind])

    def at(self, seq: int) -> bool:
        """Whether it stood after everything up to `seq`."""
        found = bisect_right(self._seqs, seq)
        return found > 0 and self._stands[found - 1]
