"""What became of a grant: its events in the order of the registry's history, and two verdicts of evidence.

Two events of one second are ordered by seq (DECIDING 23). *Then* is what the registry knew at a
position; *now* is the same with later voidings counted from the start (DECIDING 27).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consent.core.states import GrantEvent, GrantState, Guards, holders_after, next_state


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """One event at its place in the history. `holder`: whose suspension or resumption it is."""

    seq: int
    at: datetime
    event: GrantEvent
    holder: str | None = None


def replay(events: Iterable[PastEvent], *, start: GrantState = GrantState.ACTIVE) -> GrantState:
    """The state after all events, by seq, whatever order they come in.

    Raises:
        TransitionError: the history holds an event that could not have happened.
    """
    state, holders = start, frozenset[str]()
    for past in sorted(events, key=lambda past: past.seq):
        guards = Guards(at=past.at, due_at=past.at, ends_at=past.at, holders=holders, holder=past.holder)
        state = next_state(state, past.event, guards)
        if past.event in (GrantEvent.SUSPEND, GrantEvent.RESUME):
            holders = holders_after(past.event, guards)
    return state


def then_and_now(
    events: Iterable[PastEvent], *, position: int, start: GrantState = GrantState.ACTIVE
) -> tuple[GrantState, GrantState]:
    """The state at `position` as it was known then, and as it is judged now.

    Raises:
        TransitionError: as `replay`.
    """
    listed = list(events)
    then = replay((past for past in listed if past.seq <= position), start=start)
    voided = any(past.event is GrantEvent.VOID for past in listed)
    return then, GrantState.VOIDED if voided else then
