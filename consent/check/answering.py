"""From facts to an answer that left nothing out: decided, counted, kept and receipted, in this order.

The one tail of every way to facts, from memory or from the primary, so that the two cannot answer differently.
"""

from msgspec import UNSET

from consent.check.answered import Answered
from consent.check.batch.answering import BatchAnswering
from consent.check.caller import OrganizationCaller
from consent.check.decision_figures import count_decision
from consent.check.inline_receipt import InlineReceipts
from consent.check.ledger.draft import FoundDecision, Ledger
from consent.check.ledger.single import Single
from consent.check.limits.counting import Counting
from consent.check.moments import instant_ms, second_of
from consent.check.place import Place
from consent.check.process_keys import ProcessKeys
from consent.check.question import Question
from consent.check.settling import settle
from consent.core.explain import explain
from consent.core.facts import Facts
from consent.core.wire.records import Receipt as ReceiptAnswer
from consent.core.wire.times import seconds
from consent.registry.decisions import StoredDecision, stored_decision
from consent.registry.errors import NotFound
from consent.registry.ports import RegistryPorts


class Answering:
    """Safe to share between threads."""

    def __init__(
        self, ports: RegistryPorts, *, ledger: Ledger, keys: ProcessKeys, counting: Counting | None = None
    ) -> None:
        self._ports = ports
        self._counting = counting or Counting(ports)
        self._ledger = ledger
        self._receipts = InlineReceipts(keys)
        self.batches = BatchAnswering(ports, ledger=ledger, keys=keys, counting=self._counting)

    def __repr__(self) -> str:
        return "Answering()"

    def single(
        self, question: Question, facts: Facts, place: Place, *, caller: OrganizationCaller
    ) -> Answered:
        """The answer to one question."""
        asked, at = question.asked, place.at
        decision = settle(asked, facts, at, caller=caller, nonce=question.nonce, counting=self._counting)
        second = second_of(at)
        as_of, valid_until_s = instant_ms(at, second), second + decision.valid_for_s
        single = Single(
            caller.organization,
            facts.licensee,
            second,
            valid_until_s,
            as_of,
            question.nonce,
            place.position,
            place.seq,
            question.digest,
            decision.outcome,
            decision.reasons,
            decision.obligations,
            decision.grants,
            question.performers,
            decision.attester,
        )
        side = place.livemode
        decision_id, record_sha256 = self._ledger.keep_one(single, livemode=side, at=at)
        count_decision(self._ports.log.figures, decision, livemode=side)
        request = question.request
        receipt = None
        if request.receipt == "inline":
            receipt = self._receipts.sign(
                single, livemode=side, decision_id=decision_id, record_sha256=record_sha256, at=at
            )
        return Answered(
            question,
            decision,
            decision_id,
            record_sha256,
            side,
            place.position,
            as_of,
            valid_until_s,
            receipt,
            explain(asked, facts, at).to_json() if request.explain is True else UNSET,
        )

    def receipt(self, decision: str, *, caller: OrganizationCaller) -> ReceiptAnswer:
        """The receipt of one of the caller's decisions; NotFound for anybody else's, and for none."""
        kept: FoundDecision | StoredDecision
        try:
            kept = self._ledger.find(decision, organization=caller.organization, livemode=caller.livemode)
        except NotFound:
            kept = stored_decision(decision, organization=caller.organization, livemode=caller.livemode)
        return ReceiptAnswer(
            decision_id=kept.decision,
            livemode=caller.livemode,
            decision=kept.outcome,
            record_sha256=kept.record_sha256,
            decided_at=seconds(kept.decided_at),
            receipt=kept.receipt,
        )
