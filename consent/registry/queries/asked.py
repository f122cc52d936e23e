"""Who asked how often: a performer's "who asked about me", an organization's "my checks of this consent".

Counted when a segment of the ledger is shipped, some seconds after the answers.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Sum

from consent.registry.models import CheckCount, Grant
from consent.registry.queries.ledger import last_shipped, ledger_gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOnDay:
    """How often an organization asked about a performer on a UTC day."""

    day: date
    organization: str
    allowed: int
    denied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksOnDay:
    """How often a grant allowed an organization on a UTC day."""

    day: date
    allowed: int


def asked(performer: UUID, *, since: date, organization: str | None = None) -> list[AskedOnDay]:
    """Who asked about a performer from that day on, newest first: everybody, or this organization alone. Days without
    a question are not in it."""
    counted = CheckCount.objects.filter(performer_id=performer, day__gte=since)
    if organization is not None:
        counted = counted.filter(organization_id=organization)
    rows = (
        counted.values("day", "organization_id")
        .annotate(allows=Sum("allowed"), denies=Sum("denied"))
        .order_by("-day", "organization_id")
    )
    return [
        AskedOnDay(
            day=row["day"],
            organization=row["organization_id"],
            allowed=int(row["allows"]),
            denied=int(row["denies"]),
        )
        for row in rows
    ]


def checks_of(grant: Grant, *, organization: str, since: date) -> list[ChecksOnDay]:
    """How often a grant allowed an organization from that day on, newest first. Denies rest on no grant."""
    rows = (
        CheckCount.objects.filter(
            grant=grant.id, organization_id=organization, livemode=grant.livemode, day__gte=since
        )
        .values("day")
        .annotate(allows=Sum("allowed"))
        .order_by("-day")
    )
    return [ChecksOnDay(day=row["day"], allowed=int(row["allows"])) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedUpTo:
    """How far counting has come on one side: when something was last counted, and how many answers of the last day
    cannot be counted because their records did not arrive."""

    at: datetime | None
    missing: int


def counted_up_to(livemode: bool, *, now: datetime) -> CountedUpTo:
    """What a page of counts has to say about itself. A boot's lost end is not in it: only holders of its answers
    can tell."""
    # Records of a boot are numbered without a gap, so what is missing before a segment is a difference.
    gaps = ledger_gaps(now=now, since=now - timedelta(days=1))
    missing = sum(max(0, gap.missing_records) for gap in gaps if gap.livemode == livemode)
    return CountedUpTo(at=last_shipped(livemode), missing=missing)
