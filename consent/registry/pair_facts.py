"""The facts of pairs of performer and licensee: grants that open under their seal, limits, counters."""

import logging
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from consent.core.counting import CounterKey, utc_day
from consent.core.facts import GrantFacts, GrantState, SubjectFacts
from consent.core.terms import GrantTerms, LimitsTerms
from consent.registry.current_limits import load_limits
from consent.registry.grant_seal import (
    SealBrokenError,
    SealedParts,
    StoredGrant,
    open_sealed,
    seal_keys,
)
from consent.registry.models import (
    Counter,
    Grant,
    GrantEnding,
    GrantHold,
    PairwiseReference,
    Performer,
    PriorRecord,
)
from consent.registry.models.grant import LIVING
from consent.registry.ports import RegistryPorts, SideSigners
from signing.keys import PublicKey

Pair = tuple[UUID, str]

_logger = logging.getLogger(__name__)


class _Failures:
    """How many rows of this process's reads did not open; for metrics."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self) -> None:
        with self._lock:
            self.count += 1


seal_failures = _Failures()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Everything that was loaded about some performers and licensees."""

    grants: Mapping[Pair, tuple[GrantFacts, ...]]
    ever_signed: frozenset[Pair]
    prior_records: frozenset[Pair]
    limits: Mapping[UUID, LimitsTerms]
    deceased: Mapping[UUID, datetime | None]

    def subject(self, reference: str, *, performer: UUID | None, licensee: str, caller: str) -> SubjectFacts:
        """One performer as seen from the licensee."""
        if performer is None or performer not in self.deceased:
            return nobody(reference, licensee=licensee, caller=caller)
        pair = (performer, licensee)
        return SubjectFacts(
            reference=reference,
            known=True,
            grants=self.grants.get(pair, ()),
            limits=self.limits.get(performer),
            deceased_at=self.deceased[performer],
            prior_record=pair in self.prior_records,
            ever_signed=pair in self.ever_signed,
        )


def nobody(reference: str, *, licensee: str, caller: str) -> SubjectFacts:
    """What there is to know of a reference that means nobody.

    Whoever asks for somebody else and is no recipient learns nothing, so for them it looks like a performer
    without grants (`not_a_recipient` either way).
    """
    return SubjectFacts(
        reference=reference,
        known=caller != licensee,
        grants=(),
        limits=None,
        deceased_at=None,
        prior_record=False,
        ever_signed=False,
    )


def load_pairs(
    performers: Collection[UUID],
    licensees: Collection[str],
    *,
    livemode: bool,
    at: datetime,
    ports: RegistryPorts,
) -> Pairs:
    """Load all pairs at once, in at most nine queries."""
    signers = ports.signers[livemode]
    people = Performer.objects.filter(id__in=performers, livemode=livemode)
    versions: dict[UUID, int] = {}
    deceased: dict[UUID, datetime | None] = {}
    for performer, version, deceased_at in people.values_list("id", "limits_version", "deceased_at"):
        versions[performer], deceased[performer] = version, deceased_at
    pairs = Q(performer_id__in=list(versions), organization_id__in=licensees, livemode=livemode)
    references = {
        (performer, organization): reference
        for performer, organization, reference in PairwiseReference.objects.filter(pairs).values_list(
            "performer_id", "organization_id", "reference"
        )
    }
    return Pairs(
        grants=_load_grants(pairs, references, livemode=livemode, at=at, signers=signers),
        ever_signed=frozenset(
            Grant.objects.filter(pairs).values_list("performer_id", "organization_id").distinct()
        ),
        prior_records=frozenset(
            (performer, organization)
            for performer, organization in PriorRecord.objects.filter(pairs)
            .values_list("performer_id", "organization_id")
            .distinct()
            if performer is not None
        ),
        limits=load_limits(versions, livemode=livemode, sealer=ports.log.sealer),
        deceased=deceased,
    )


def _load_grants(
    pairs: Q,
    references: Mapping[Pair, str],
    *,
    livemode: bool,
    at: datetime,
    signers: SideSigners,
) -> dict[Pair, tuple[GrantFacts, ...]]:
    """The grants that have not ended; a row that does not open is left out, and so denies."""
    rows = list(Grant.objects.filter(pairs, state__in=LIVING).order_by("id"))
    ids = [row.id for row in rows]
    ended = set(GrantEnding.objects.filter(grant_id__in=ids).values_list("grant_id", flat=True))
    held = set(GrantHold.objects.filter(grant_id__in=ids, lifted_at=None).values_list("grant_id", flat=True))
    usage = load_usage(ids, livemode=livemode, at=at)
    keys = seal_keys(signers)
    found: dict[Pair, list[GrantFacts]] = {}
    for row in rows:
        pair = (row.performer_id, row.organization_id)
        stored = _stored(row, reference=references.get(pair, ""))
        terms = open_living(stored, keys, state=row.state, ended=row.id in ended)
        if terms is not None:
            state = standing(row.state, held=row.id in held)
            grant = GrantFacts(
                grant=row.id, state=state, terms=terms, signed_at=row.signed_at, usage=usage.get(row.id, {})
            )
            found.setdefault(pair, []).append(grant)
    return {pair: tuple(grants) for pair, grants in found.items()}


def open_living(
    stored: StoredGrant, keys: tuple[PublicKey, ...], *, state: str, ended: bool
) -> GrantTerms | None:
    """The terms of a row that claims to live; None, counted and logged, for one that is not to be believed."""
    try:
        terms = open_sealed(stored, keys)
    except SealBrokenError as exc:
        seal_failures.add()
        _logger.error("grant refused: %s", exc)
        return None
    if ended:
        # The ending's own record outranks a state that somebody put back.
        seal_failures.add()
        _logger.error("grant refused: %s has ended and stands as %s", stored.parts.grant, state)
        return None
    return terms


def standing(state: str, *, held: bool) -> GrantState:
    """How a living grant stands: an open hold pauses it, whatever its row says."""
    found = GrantState(state)
    return GrantState.SUSPENDED if held and found is GrantState.ACTIVE else found


def _stored(row: Grant, *, reference: str) -> StoredGrant:
    return StoredGrant(
        parts=SealedParts(
            grant=row.id,
            grant_sha256=row.grant_sha256,
            terms_sha256=row.terms_sha256,
            performer=reference,
            licensee=row.organization_id,
            livemode=row.livemode,
            status_list=row.status_list,
            status_index=row.status_index,
            signed_at=row.signed_at,
        ),
        terms=bytes(row.terms),
        seal=row.seal,
    )


def load_usage(grants: list[str], *, livemode: bool, at: datetime) -> dict[str, dict[CounterKey, int]]:
    """What was counted, of all time and of today."""
    rows = Counter.objects.filter(Q(day=None) | Q(day=utc_day(at)), grant_id__in=grants, livemode=livemode)
    usage: dict[str, dict[CounterKey, int]] = {}
    for grant, line, kind, day, used in rows.values_list("grant_id", "line", "kind", "day", "used"):
        usage.setdefault(grant, {})[CounterKey(line, kind, day)] = used
    return usage
