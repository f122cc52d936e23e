"""Where decisions are kept: one at a time, or a batch in one record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consent.check.ledger.batch import BatchDraft
from consent.check.ledger.single import Single


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the ledger says of a record that it holds: an id for each item, and the record's digest."""

    decision_ids: Sequence[str]
    record_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDecision:
    """One kept decision with its receipt."""

    decision: str
    outcome: str
    record_sha256: str
    decided_at: datetime
    receipt: str


class Ledger(Protocol):
    """Keeps what was answered. An answer leaves only after `keep` returned."""

    def keep(self, draft: BatchDraft) -> Kept:
        """Keep it; a kill of the process does not lose it any more. LedgerError if it could not be kept."""

    def keep_one(self, single: Single, *, livemode: bool, at: datetime) -> tuple[str, str]:
        """Keep a single decision, likewise: its id, and its record's digest, hex. `at` is the primary's clock."""

    def find(self, decision: str, *, organization: str, livemode: bool) -> FoundDecision:
        """One of the organization's own; NotFound for anybody else's, for none, and while it is not sealed."""
