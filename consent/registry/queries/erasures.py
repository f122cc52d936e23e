"""Erasures as they stand: one by its number, and how many wait."""

from dataclasses import dataclass
from datetime import datetime

from consent.registry.errors import NotFound
from consent.registry.models import Erasure
from consent.registry.text import is_storable


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """`erased_at`: the keys are destroyed; `complete_from`: from then on no backup of them is left either."""

    id: str
    livemode: bool
    ground: str
    begun_at: datetime
    erased_at: datetime | None
    complete_from: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureFigures:
    """How many were begun and not erased yet, were erased and wait for the last backup, and are complete."""

    begun: int
    erased: int
    complete: int


def read_erasure(erasure: str) -> ErasureView:
    """One erasure; NotFound if there is none of this number."""
    row = Erasure.objects.filter(id=erasure).first() if is_storable(erasure) else None
    if row is None:
        raise NotFound("no such erasure")
    return _view(row)


def waiting_erasures(*, limit: int = 100) -> list[ErasureView]:
    """Those that are not complete, the oldest first."""
    return [_view(row) for row in Erasure.objects.filter(completed_at=None).order_by("begun_at")[:limit]]


def erasure_figures() -> ErasureFigures:
    """Counts of both sides together."""
    begun = Erasure.objects.filter(erased_at=None).count()
    open_ = Erasure.objects.filter(completed_at=None).count()
    return ErasureFigures(
        begun=begun, erased=open_ - begun, complete=Erasure.objects.filter(completed_at__isnull=False).count()
    )


def _view(row: Erasure) -> ErasureView:
    return ErasureView(
        id=row.id,
        livemode=row.livemode,
        ground=row.ground,
        begun_at=row.begun_at,
        erased_at=row.erased_at,
        complete_from=row.complete_from,
        completed_at=row.completed_at,
    )
