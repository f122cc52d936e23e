"""From facts to an answer that left nothing out: decided, counted, receipted and kept, in this order.

The one tail of every way to facts, from memory or from the primary, so that the two cannot answer differently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from consent.check.caller import OrganizationCaller
from consent.check.checks import ToProblem
from consent.check.decided import Decided
from consent.check.process_keys import ProcessKeys
from consent.check.settling import settle
from consent.core.asked import Asked
from consent.core.decision import Decision
from consent.core.explain import explain
from consent.core.facts import Facts
from consent.core.ids import new_id
from consent.core.wire.check import BatchResponse, BatchResult, CheckRequest, CheckResponse
from consent.core.wire.decode import Batch
from consent.core.wire.encode import encode
from consent.core.wire.records import Receipt as ReceiptAnswer
from consent.core.wire.times import milliseconds, seconds
from consent.registry.decisions import DecisionKeeper, KeptDecision
from consent.registry.errors import NonceSpent
from consent.registry.operations.record_decision import record_decision
from consent.registry.ports import RegistryPorts
from signing.canonical import sha256_hex
from signing.receipt import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the history the facts stand: `position` is its token, `at` the primary's clock now."""

    livemode: bool
    position: str
    seq: int
    at: datetime


class Answering:
    """Safe to share between threads."""

    def __init__(self, ports: RegistryPorts, *, keeper: DecisionKeeper, keys: ProcessKeys) -> None:
        self._ports = ports
        self._keeper = keeper
        self._keys = keys

    def __repr__(self) -> str:
        return "Answering()"

    def single(
        self, request: CheckRequest, asked: Asked, facts: Facts, place: Place, *, caller: OrganizationCaller
    ) -> CheckResponse:
        """The answer to one question."""
        nonce = request.nonce if isinstance(request.nonce, str) else None
        decision = settle(asked, facts, place.at, caller=caller, nonce=nonce, ports=self._ports)
        decided = self._decided(asked, facts, decision, place)
        if request.explain is True:
            decided = replace(decided, explanation=explain(asked, facts, place.at).to_json())
        receipt = self._sign([(None, decided)], place, caller, nonce=nonce)
        self._keep([decided], receipt, place, caller)
        shown = receipt if request.receipt == "inline" else None
        return decided.answer(livemode=caller.livemode, position=place.position, receipt=shown)

    def batch(
        self,
        batch: Batch,
        questions: Mapping[str, tuple[Asked, Facts]],
        refused: Mapping[str, BatchResult],
        place: Place,
        *,
        caller: OrganizationCaller,
        to_problem: ToProblem,
    ) -> BatchResponse:
        """The answer to all rows; `refused` are those that are no questions."""
        results = dict(refused)
        rows: list[tuple[str | None, Decided]] = []
        nonces = {item.id: _row_nonce(batch, item.id, item.request) for item in batch.items}
        for row, (asked, facts) in questions.items():
            try:
                settled = settle(asked, facts, place.at, caller=caller, nonce=nonces[row], ports=self._ports)
            except NonceSpent as exc:
                results[row] = BatchResult(id=row, problem=to_problem(exc))
                continue
            decided = self._decided(asked, facts, settled, place)
            rows.append((row, decided))
            results[row] = decided.row(row)
        receipt = None
        if rows:
            receipt = self._sign(rows, place, caller, nonce=batch.nonce)
            self._keep([decided for _, decided in rows], receipt, place, caller)
        return BatchResponse(
            position=place.position,
            livemode=caller.livemode,
            as_of=milliseconds(place.at),
            results=[results[item.id] for item in batch.items],
            receipt=receipt,
        )

    def receipt(self, decision: str, *, caller: OrganizationCaller) -> ReceiptAnswer:
        """The receipt of one of the caller's decisions; NotFound for anybody else's, and for none."""
        kept = self._keeper.find(decision, organization=caller.organization, livemode=caller.livemode)
        return ReceiptAnswer(
            decision_id=kept.decision,
            livemode=kept.livemode,
            decision=kept.outcome,
            record_sha256=kept.record_sha256,
            decided_at=seconds(kept.decided_at),
            receipt=kept.receipt,
        )

    def _decided(self, asked: Asked, facts: Facts, decision: Decision, place: Place) -> Decided:
        decision_id = new_id("dec", random=self._ports.log.random)
        record = {
            "v": 1,
            "decision_id": decision_id,
            "caller": asked.caller,
            "licensee": facts.licensee,
            "livemode": place.livemode,
            "decision": decision.outcome.value,
            "reasons": [reason.value for reason in decision.reasons],
            "grants": list(decision.grants),
            "seq": place.seq,
            "salt": self._ports.log.random(32).hex(),
        }
        return Decided(
            decision_id=decision_id,
            asked=asked,
            decision=decision,
            licensee=facts.licensee,
            at=place.at,
            record_sha256=sha256_hex(encode(record)),
        )

    def _sign(
        self,
        rows: Sequence[tuple[str | None, Decided]],
        place: Place,
        caller: OrganizationCaller,
        *,
        nonce: str | None,
    ) -> str:
        """One signature over one decision, or over all rows of a batch (those have names)."""
        signer = self._keys.signer(caller.livemode, at=place.at)
        licensees = {decided.licensee for _, decided in rows}
        issued_at = place.at.replace(microsecond=0)
        return signer.sign(
            Receipt(
                receipt_id=new_id("rcp", random=self._ports.log.random),
                issuer=signer.issuer,
                audience=caller.organization,
                # Rows that ask for several licensees name no one of them; each row's question says whose it is.
                licensee=licensees.pop() if len(licensees) == 1 else caller.organization,
                livemode=caller.livemode,
                issued_at=issued_at,
                # Of a batch: as long as the shortest of its rows.
                expires_at=min(decided.valid_until for _, decided in rows),
                nonce=nonce,
                position=place.position,
                seq=place.seq,
                as_of=place.at,
                node=signer.node,
                batch=rows[0][0] is not None,
                items=tuple(decided.item(row=row) for row, decided in rows),
            )
        )

    def _keep(
        self, decided: Sequence[Decided], receipt: str, place: Place, caller: OrganizationCaller
    ) -> None:
        kept = [
            KeptDecision(
                decision=each.decision_id,
                organization=caller.organization,
                livemode=caller.livemode,
                outcome=each.decision.outcome.value,
                record_sha256=each.record_sha256,
                seq=place.seq,
                decided_at=place.at,
                receipt=receipt,
            )
            for each in decided
        ]
        record_decision(self._keeper, decisions=kept)


def _row_nonce(batch: Batch, row: str, request: CheckRequest | None) -> str | None:
    """What makes a row's counted outputs count once: its own nonce, or the batch's with the row's name."""
    if request is not None and isinstance(request.nonce, str):
        return request.nonce
    return None if batch.nonce is None else f"{batch.nonce}/{row}"
