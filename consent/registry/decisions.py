"""Decisions that were kept in the database, before there was a ledger. Their receipts stay readable."""

from dataclasses import dataclass
from datetime import datetime

from consent.registry.errors import NotFound
from consent.registry.models import DecisionRecord
from consent.registry.text import is_storable


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """One answered question with its signed receipt."""

    decision: str
    outcome: str
    record_sha256: str
    decided_at: datetime
    receipt: str


def stored_decision(decision: str, *, organization: str, livemode: bool) -> StoredDecision:
    """One of the organization's own; NotFound for anybody else's, and for none."""
    row = (
        DecisionRecord.objects.select_related("receipt")
        .filter(id=decision, organization_id=organization, livemode=livemode)
        .first()
        if is_storable(decision)
        else None
    )
    if row is None:
        raise NotFound("no such decision")
    return StoredDecision(
        decision=row.id,
        outcome=row.outcome,
        record_sha256=row.record_sha256,
        decided_at=row.decided_at,
        receipt=row.receipt.jws,
    )
