"""One decision on its way out: as an answer, as an item of a receipt, as a record."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.core.asked import Asked
from consent.core.decision import Decision, Outcome
from consent.core.next_steps import next_step
from consent.core.reasons import Reason
from consent.core.wire.check import BatchResult
from consent.core.wire.times import seconds
from signing.receipt import ReceiptItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision with its id. `at` is the primary's clock; `licensee` whose grants were asked about."""

    decision_id: str
    asked: Asked
    decision: Decision
    licensee: str
    at: datetime
    record_sha256: str

    @property
    def issued_at(self) -> datetime:
        """The whole second in which it was decided."""
        return self.at.replace(microsecond=0)

    @property
    def valid_until(self) -> datetime:
        """Until when the answer may be acted on; counted from `issued_at`, so never past the grant's end."""
        return self.issued_at + timedelta(seconds=self.decision.valid_for_s)

    def row(self, row: str) -> BatchResult:
        """The answer to a batch's row."""
        return BatchResult(
            id=row,
            decision=self.decision.outcome.value,
            decision_id=self.decision_id,
            asked=self.asked.to_json(),
            grants=list(self.decision.grants),
            reasons=[reason.value for reason in self.decision.reasons],
            missing=list(self.decision.missing),
            next_step=self.decision.next_step,
            obligations=list(self.decision.obligations),
            valid_until=seconds(self.valid_until),
        )

    def item(self, *, row: str | None = None) -> ReceiptItem:
        """What the receipt says of it."""
        return ReceiptItem(
            decision_id=self.decision_id,
            req_sha256=self.asked.digest(),
            decision=self.decision.outcome.value,
            reasons=tuple(reason.value for reason in self.decision.reasons),
            obligations=self.decision.obligations,
            grants=self.decision.grants,
            record_sha256=self.record_sha256,
            row=row,
            attester=self.decision.attester,
        )


def denied(decision: Decision, reason: Reason) -> Decision:
    """The deny that takes the place of an allow which could not be had after all."""
    return Decision(
        outcome=Outcome.DENY,
        reasons=(reason,),
        next_step=next_step((reason,), ()),
        valid_for_s=max(decision.valid_for_s, 1),
    )
