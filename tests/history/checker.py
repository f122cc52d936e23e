"""The invariants of a recorded history (engines.md §6.3): each violation is a sentence."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from tests.history.record import Asked, History, Stop


def violations(history: History) -> list[str]:
    """Everything that must not have happened."""
    return [
        *stale_allows(history),
        *allows_before_the_grant(history),
        *different_answers(history),
        *rows_that_disagree(history),
    ]


def stale_allows(history: History) -> Iterator[str]:
    """I2, I4: no check that was sent after somebody was told of a stop allows before it is lifted."""
    stops: dict[str, list[Stop]] = defaultdict(list)
    for stop in history.stops:
        if stop.acked is not None:
            stops[stop.pair].append(stop)
    for each in stops.values():
        each.sort(key=lambda stop: stop.acked or 0.0)
    starts = {pair: [stop.acked or 0.0 for stop in each] for pair, each in stops.items()}
    for row in history.asked:
        if not row.allowed or row.pair not in stops:
            continue
        # Stops of one pair follow one another, but for the last: only one before the sending can hold.
        for stop in stops[row.pair][: bisect_right(starts[row.pair], row.sent)]:
            if _holds(stop, row):
                yield (
                    f"stale allow of {row.pair} by node {row.node}: sent {row.sent - (stop.acked or 0):.4f} s after "
                    f"the answer to its {stop.kind}"
                )


def _holds(stop: Stop, row: Asked) -> bool:
    return (
        stop.acked is not None
        and stop.acked < row.sent
        and (stop.lifting is None or row.answered < stop.lifting)
    )


def allows_before_the_grant(history: History) -> Iterator[str]:
    """I3: nobody is allowed what was not signed yet."""
    for row in history.asked:
        if row.allowed and row.answered < history.granted[row.pair][0]:
            yield f"allow of {row.pair} before its grant was sent"


def different_answers(history: History) -> Iterator[str]:
    """I9: the same statement is answered alike, however often and by whomever."""
    first: dict[str, tuple[str, ...]] = {}
    for each in history.accepted:
        if first.setdefault(each.statement, each.body) != each.body:
            yield f"{each.kind} {each.statement} was answered {first[each.statement]} and {each.body}"


def rows_that_disagree(history: History) -> Iterator[str]:
    """I12: one question twice in a batch has one answer, since a batch has one position."""
    verdicts: dict[tuple[int, str], bool] = {}
    for row in history.asked:
        if row.batch is not None and verdicts.setdefault((row.batch, row.pair), row.allowed) != row.allowed:
            yield f"{row.pair} was allowed and denied in one batch"
