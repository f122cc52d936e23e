"""Was every allow given while its grant stood? Held against the history, whatever the tables say today."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from consent.core.states import GrantState
from consent.evidence.standings import ENDED, Standing, standings
from consent.evidence.story import happened_to
from consent.log.errors import KeyMissingError, RecordDestroyedError
from consent.log.models import Enforcement, Event
from consent.registry.models import Grant
from consent.registry.ports import RegistryPorts

_WORDS: Mapping[str | None, str] = {
    None: "it was signed later",
    GrantState.SIGNED.value: "it was not active yet",
    GrantState.SUSPENDED.value: "it was paused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """An allow as the ledger has it: which grants it relied on, its position, and the instant it was judged at."""

    livemode: bool
    decision: str
    licensee: str
    grants: tuple[str, ...]
    seq: int
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAllow:
    """An allow that should have been a denial, and why."""

    allow: Allow
    grant: str
    why: str


@dataclass(slots=True, kw_only=True)
class Judged:
    """How many allows were held against the history, and how many rely on grants of which nothing is kept."""

    allows: int = 0
    unknown: int = 0


def objection(allow: Allow, standing: Standing, *, enforced_at: datetime | None) -> str | None:
    """Why the grant could not carry this allow; None if it could. `enforced_at` is of the grant's end."""
    if standing.licensee != allow.licensee:
        return "it was given to another organization"
    state = standing.at(allow.seq)
    if state == ENDED:
        return f"it had ended at position {standing.ended_seq}"
    if state != GrantState.ACTIVE.value:
        return _WORDS[state]
    if allow.as_of >= standing.term_ends:
        return "its term had run out"
    if enforced_at is not None and allow.as_of > enforced_at:
        return f"its end, at position {standing.ended_seq}, was enforced by then"
    return None


def late_allows(ports: RegistryPorts, allows: Iterable[Allow], judged: Judged) -> Iterator[LateAllow]:
    """The allows that should have been denials; `judged` counts all of them. Reads each grant's history once.

    What the ledger does not keep is not judged: the question, and so the terms and the performer's limits.

    Raises:
        HistoryBrokenError, SealError, KeyStoreUnavailableError: the history cannot be read.
    """
    known: dict[tuple[bool, str], tuple[Standing, datetime | None] | None] = {}
    for allow in allows:
        judged.allows += 1
        for grant in allow.grants:
            key = (allow.livemode, grant)
            if key not in known:
                known[key] = _read(ports, grant, livemode=allow.livemode)
            found = known[key]
            if found is None:
                judged.unknown += 1
                continue
            why = objection(allow, found[0], enforced_at=found[1])
            if why is not None:
                yield LateAllow(allow=allow, grant=grant, why=why)


def _read(ports: RegistryPorts, grant: str, *, livemode: bool) -> tuple[Standing, datetime | None] | None:
    """A grant's standing and when its end was enforced; None where its performer was forgotten."""
    performer = (
        Grant.objects.filter(id=grant, livemode=livemode).values_list("performer_id", flat=True).first()
    )
    if performer is None:
        return None
    try:
        found: Mapping[str, Standing] = standings(
            happened_to(ports, livemode=livemode, performers=[performer], up_to=1 << 62)
        )
    except (RecordDestroyedError, KeyMissingError):
        return None
    standing = found.get(grant)
    if standing is None:
        return None
    return standing, _enforced_at(standing, livemode=livemode)


def _enforced_at(standing: Standing, *, livemode: bool) -> datetime | None:
    if standing.ended_seq is None:
        return None
    event = Event.objects.filter(livemode=livemode, seq=standing.ended_seq).values("event_id")
    return Enforcement.objects.filter(event_id__in=event).values_list("enforced_at", flat=True).first()
