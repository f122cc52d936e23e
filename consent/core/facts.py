"""Facts: everything `decide` may know, of one position in the registry's history.

`SubjectFacts.reference` is the reference as the question sent it (`prf_…` or `external_id:…`); for
a check by persona or model it is the reference that persona or model lists. A performer of the
question without facts of its own denies `performer_unknown`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from consent.core.counting import CounterKey
from consent.core.states import GrantState
from consent.core.terms import GrantTerms, LimitsTerms

__all__ = [
    "CounterKey",
    "Facts",
    "GrantFacts",
    "GrantState",
    "ModelFacts",
    "PersonaFacts",
    "SubjectFacts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """One grant of a pair. `usage` is what was counted so far; None: not at hand, so `needs_online`."""

    grant: str
    state: GrantState
    terms: GrantTerms
    signed_at: datetime
    usage: Mapping[CounterKey, int] | None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All facts of one question. `licensee` is `on_behalf_of`, or the owner of the model or persona,
    or the caller. `persona_models` are the facts of every model a persona names; `over_quota` says
    that the key's quota is used up.
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
