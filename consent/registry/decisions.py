"""Where decisions and their receipts are kept: one small interface, so that a ledger can stand behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import transaction

from consent.registry.errors import NotFound
from consent.registry.models import DecisionRecord, KeptReceipt
from consent.registry.text import is_storable


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDecision:
    """One answered question. Nothing of its context: digest and receipt say it to whoever holds the question."""

    decision: str
    organization: str
    livemode: bool
    outcome: str
    record_sha256: str
    seq: int
    decided_at: datetime
    receipt: str


class DecisionKeeper(Protocol):
    """Keeps what was answered. An answer leaves only after `record` returned."""

    def record(self, decisions: Sequence[KeptDecision]) -> None:
        """Keep them all or none, durably."""

    def find(self, decision: str, *, organization: str, livemode: bool) -> KeptDecision:
        """One of the organization's own; NotFound for anybody else's, and for none."""


class DatabaseDecisions:
    """Decisions in the registry's own database."""

    def record(self, decisions: Sequence[KeptDecision]) -> None:
        """Keep them all or none; a batch shares its receipt."""
        with transaction.atomic(durable=True):
            receipts: dict[tuple[bool, str], KeptReceipt] = {}
            for each in decisions:
                key = (each.livemode, each.receipt)
                if key not in receipts:
                    receipts[key] = KeptReceipt.objects.create(livemode=each.livemode, jws=each.receipt)
            DecisionRecord.objects.bulk_create(
                (
                    DecisionRecord(
                        id=each.decision,
                        livemode=each.livemode,
                        organization_id=each.organization,
                        outcome=each.outcome,
                        record_sha256=each.record_sha256,
                        receipt=receipts[each.livemode, each.receipt],
                        seq=each.seq,
                        decided_at=each.decided_at,
                    )
                    for each in decisions
                ),
                batch_size=1000,
            )

    def find(self, decision: str, *, organization: str, livemode: bool) -> KeptDecision:
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
        return KeptDecision(
            decision=row.id,
            organization=row.organization_id,
            livemode=row.livemode,
            outcome=row.outcome,
            record_sha256=row.record_sha256,
            seq=row.seq,
            decided_at=row.decided_at,
            receipt=row.receipt.jws,
        )
