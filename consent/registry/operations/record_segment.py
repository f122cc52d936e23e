"""A segment of the decision ledger is in the object store: remember it, and count what it holds, once."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from consent.registry.models import Grant, LedgerSegment, PairwiseReference
from consent.registry.queries.commitments import is_committed

_ADD = """
INSERT INTO registry_checkcount (performer_id, day, organization_id, "grant", livemode, allowed, denied)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (performer_id, day, organization_id, "grant") DO UPDATE
SET allowed = registry_checkcount.allowed + EXCLUDED.allowed, denied = registry_checkcount.denied + EXCLUDED.denied
"""
_NAME = ("livemode", "boot", "segment")
_Key = tuple[UUID, date, str, str]  # performer, day, organization, grant


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedSegment:
    """A segment as its root says; hashes are hex, `object_sha256` is of its file."""

    livemode: bool
    boot: str
    segment: int
    node: str
    first: int
    count: int
    root: str
    previous: str
    chain: str
    dropped: int
    object_sha256: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedDecision:
    """One decision of it. `performers` are references of the asking organization."""

    day: date
    organization: str
    performers: Sequence[str]
    grants: Sequence[str]
    allowed: bool


def record_segment(
    segment: ShippedSegment, *, decisions: Iterable[CountedDecision], shipped_at: datetime
) -> bool:
    """Remember it and count its decisions; False if that was done before. Safe to run twice, at once."""
    counts = Tally(
        (each.organization, tuple(each.performers), tuple(each.grants), each.day, each.allowed)
        for each in decisions
    )
    livemode = segment.livemode
    with transaction.atomic():
        said = {name: getattr(segment, name) for name in ShippedSegment.__slots__ if name not in _NAME}
        _, made = LedgerSegment.objects.get_or_create(
            livemode=livemode,
            boot=segment.boot,
            segment=segment.segment,
            defaults={**said, "shipped_at": shipped_at},
        )
        if not made:
            return False
        # Looked at after the row: whoever committed to this segment meanwhile had removed the row before.
        if is_committed(livemode=livemode, boot=segment.boot, segment=segment.segment):
            transaction.set_rollback(True)
            return False
        rows = _rows(counts, livemode=livemode)
        with connection.cursor() as cursor:
            # In one order everywhere, so that two relays never wait for each other.
            cursor.executemany(_ADD, [(*key, livemode, *rows[key]) for key in sorted(rows)])
    return True


def _rows(
    counts: Tally[tuple[str, tuple[str, ...], tuple[str, ...], date, bool]], *, livemode: bool
) -> dict[_Key, list[int]]:
    """Allowed and denied of each row. A decision counts once for each performer that it is about."""
    named = {reference for _, references, _, _, _ in counts for reference in references}
    granted = {grant for _, _, grants, _, _ in counts for grant in grants}
    by_reference = {
        (organization, reference): performer
        for organization, reference, performer in PairwiseReference.objects.filter(
            livemode=livemode, organization_id__in={key[0] for key in counts}, reference__in=named
        ).values_list("organization_id", "reference", "performer_id")
    }
    by_grant = dict(Grant.objects.filter(livemode=livemode, id__in=granted).values_list("id", "performer_id"))
    rows: dict[_Key, list[int]] = {}
    for (organization, references, grants, day, allowed), times in counts.items():
        about: dict[UUID, str] = {}
        for reference in references:
            performer = by_reference.get((organization, reference))
            if performer is not None:
                about[performer] = ""
        about |= {by_grant[grant]: grant for grant in grants if grant in by_grant}
        for performer, grant in about.items():
            row = rows.setdefault((performer, day, organization, grant), [0, 0])
            row[0 if allowed else 1] += times
    return rows
