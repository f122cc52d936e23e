"""Facts: everything `decide` may know, of one position in the registry's history.

`SubjectFacts.reference` is the reference as the question sent it (`prf_…` or `external_id:…`); for
a check by persona or model it is the reference that persona or model lists. A performer of the
question without facts of its own denies `performer_unknown`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec.structs import force_setattr

from consent.core.counting import CounterKey
from consent.core.instants import MAX_TERM_YEARS, years_after
from consent.core.prohibitions import Prohibition
from consent.core.states import GrantState
from consent.core.terms import GrantTerms, LimitsTerms

__all__ = [
    "Alone",
    "CounterKey",
    "Facts",
    "GrantFacts",
    "GrantState",
    "ModelFacts",
    "PersonaFacts",
    "SubjectFacts",
    "ends_at",
]

_SHORTEST_TEN_YEARS_DAYS = 3652  # ten years have two leap days at least, save across 1900 or 2100: 3651
SURE_DAYS = _SHORTEST_TEN_YEARS_DAYS - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """One grant of a pair. `usage` is what was counted so far; None: not at hand, so `needs_online`."""

    grant: str
    state: GrantState
    terms: GrantTerms
    signed_at: datetime
    usage: Mapping[CounterKey, int] | None


def ends_at(grant: GrantFacts) -> datetime:
    """The end of the term: as signed, at the latest ten years after signing (DECIDING 14)."""
    if (grant.terms.valid_until - grant.signed_at).days < SURE_DAYS:
        return grant.terms.valid_until
    return min(grant.terms.valid_until, years_after(grant.signed_at, MAX_TERM_YEARS))


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFacts:
    """One performer as seen from the licensee: all grants of the pair, and the performer's own limits.

    `known`: the asking organization was given this reference. `ever_signed`: the pair once had a
    signed grant, so a prior record is no longer reported.
    """

    reference: str
    known: bool
    grants: tuple[GrantFacts, ...]
    limits: LimitsTerms | None
    deceased_at: datetime | None
    prior_record: bool
    ever_signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaFacts:
    """A character an application exposes; `fictional_attester` names who attested it invented."""

    persona: str
    owner: str
    fictional_attester: str | None
    performers: tuple[str, ...]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A trained artefact and every performer behind it; taint and disabling are for the whole of it."""

    model: str
    owner: str
    performers: tuple[str, ...]
    tainted: bool
    disabled: bool


class Alone(msgspec.Struct, frozen=True, gc=False):
    """One performer with one active grant to the asking organization, living, and nothing unreadable about either:
    what most questions are about. `ends` is the end of the term, `grants` the grant's id, `never` the performer's
    own limits.
    """

    reference: str
    terms: GrantTerms
    ends: datetime
    grants: tuple[str]
    never: tuple[Prohibition, ...]


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All facts of one question. `licensee` is `on_behalf_of`, or the owner of the model or persona,
    or the caller. `persona_models` are the facts of every model a persona names; `over_quota` says
    that the key's quota is used up. `alone` follows from the rest, whatever it is given.
    """

    livemode: bool
    caller: str
    licensee: str
    capabilities: frozenset[str]
    subjects: tuple[SubjectFacts, ...]
    persona: PersonaFacts | None
    model: ModelFacts | None
    selector_found: bool
    persona_models: tuple[ModelFacts, ...] = ()
    over_quota: bool = False
    alone: Alone | None = None

    def __post_init__(self) -> None:
        """Work out what `decide` would otherwise find at each question."""
        force_setattr(self, "alone", _alone(self))


def _alone(facts: Facts) -> Alone | None:
    if len(facts.subjects) != 1 or facts.caller != facts.licensee:
        return None
    if not facts.selector_found or facts.over_quota:
        return None
    subject = facts.subjects[0]
    if not subject.known or len(subject.grants) != 1 or subject.deceased_at is not None:
        return None
    grant, limits = subject.grants[0], subject.limits
    if grant.state is not GrantState.ACTIVE or grant.terms.unknown or (limits is not None and limits.unknown):
        return None
    never = () if limits is None else limits.never
    return Alone(subject.reference, grant.terms, ends_at(grant), (grant.grant,), never)
