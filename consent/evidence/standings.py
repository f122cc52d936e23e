"""How a grant stood at every position of the history: what each allow that relied on it is held against."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from consent.core.facts import GrantFacts, GrantState, ends_at
from consent.evidence.happened import Happened
from consent.evidence.replay import Replay, ReplayedGrant

ENDED = "ended"


@dataclass(slots=True, kw_only=True)
class Standing:
    """One grant from its signature on. `states[i]` holds from position `since[i]` until the next."""

    grant: str
    licensee: str
    term_ends: datetime
    since: list[int] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    @property
    def ended_seq(self) -> int | None:
        """The position at which it ended."""
        return self.since[-1] if self.states[-1:] == [ENDED] else None

    def at(self, seq: int) -> str | None:
        """The state at a position; None before it was signed."""
        place = bisect_right(self.since, seq)
        return self.states[place - 1] if place else None


def standings(events: Iterable[Happened]) -> Mapping[str, Standing]:
    """The standing of every grant that these events, in their order, tell of.

    Raises:
        ReplayError: they cannot be followed.
    """
    replay = Replay()
    found: dict[str, Standing] = {}
    for event in events:
        replay.follow(event)
        grant = replay.grants.get(str(event.body.get("grant")))
        if grant is None or not event.kind.startswith("grant."):
            continue
        standing = found.setdefault(grant.grant, _begun(grant))
        state = ENDED if grant.ended_seq is not None else grant.standing.value
        if standing.states[-1:] != [state]:
            standing.since.append(event.seq)
            standing.states.append(state)
    return found


def _begun(grant: ReplayedGrant) -> Standing:
    facts = GrantFacts(
        grant=grant.grant, state=GrantState.SIGNED, terms=grant.terms, signed_at=grant.signed_at, usage={}
    )
    return Standing(grant=grant.grant, licensee=grant.pair[1], term_ends=ends_at(facts))
