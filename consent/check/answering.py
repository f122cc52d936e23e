"""From facts to an answer that left nothing out: decided, counted, kept and receipted, in this order.

The one tail of every way to facts, from memory or from the primary, so that the two cannot answer differently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consent.check.caller import OrganizationCaller
from consent.check.checks import ToProblem
from consent.check.decided import Decided
from consent.check.ledger.draft import Draft, DraftItem, FoundDecision, Ledger
from consent.check.process_keys import ProcessKeys
from consent.check.settling import settle
from consent.core.asked import Asked
from consent.core.decision import Decision
from consent.core.explain import explain
from consent.core.facts import Facts
from consent.core.ids import is_id
from consent.core.wire.check import BatchResponse, BatchResult, CheckRequest, CheckResponse
from consent.core.wire.decode import Batch
from consent.core.wire.records import Receipt as ReceiptAnswer
from consent.core.wire.times import milliseconds, seconds
from consent.registry.decisions import StoredDecision, stored_decision
from consent.registry.errors import NonceSpent, NotFound
from consent.registry.ports import RegistryPorts
from signing.ledger_record import receipt_id
from signing.receipt import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the history the facts stand: `position` is its token, `at` the primary's clock now."""

    livemode: bool
    position: str
    seq: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """A decision that stands, and is not kept yet. `row` is its name in a batch."""

    row: str | None
    asked: Asked
    decision: Decision
    licensee: str


class Answering:
    """Safe to share between threads."""

    def __init__(self, ports: RegistryPorts, *, ledger: Ledger, keys: ProcessKeys) -> None:
        self._ports = ports
        self._ledger = ledger
        self._keys = keys

    def __repr__(self) -> str:
        return "Answering()"

    def single(
        self, request: CheckRequest, asked: Asked, facts: Facts, place: Place, *, caller: OrganizationCaller
    ) -> CheckResponse:
        """The answer to one question."""
        nonce = request.nonce if isinstance(request.nonce, str) else None
        decision = settle(asked, facts, place.at, caller=caller, nonce=nonce, ports=self._ports)
        settled = _Settled(row=None, asked=asked, decision=decision, licensee=facts.licensee)
        decided = self._keep([settled], place, caller, nonce=nonce)
        shown = None
        if request.receipt == "inline":
            shown = self._sign(decided, [settled], place, caller, nonce=nonce)
        answer = decided[0]
        if request.explain is True:
            answer = replace(answer, explanation=explain(asked, facts, place.at).to_json())
        return answer.answer(livemode=caller.livemode, position=place.position, receipt=shown)

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
        rows: list[_Settled] = []
        nonces = {item.id: _row_nonce(batch, item.id, item.request) for item in batch.items}
        for row, (asked, facts) in questions.items():
            try:
                decision = settle(asked, facts, place.at, caller=caller, nonce=nonces[row], ports=self._ports)
            except NonceSpent as exc:
                results[row] = BatchResult(id=row, problem=to_problem(exc))
                continue
            rows.append(_Settled(row=row, asked=asked, decision=decision, licensee=facts.licensee))
        receipt = None
        if rows:
            kept = self._keep(rows, place, caller, nonce=batch.nonce)
            receipt = self._sign(kept, rows, place, caller, nonce=batch.nonce)
            results |= {row: decided.row(row) for row, decided in zip(map(_name, rows), kept, strict=True)}
        return BatchResponse(
            position=place.position,
            livemode=caller.livemode,
            as_of=milliseconds(place.at),
            results=[results[item.id] for item in batch.items],
            receipt=receipt,
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

    def _keep(
        self, rows: Sequence[_Settled], place: Place, caller: OrganizationCaller, *, nonce: str | None
    ) -> list[Decided]:
        """Put one decision, or all rows of a batch, into the ledger; after this they are made."""
        kept = self._ledger.keep(_draft(rows, place, caller, nonce=nonce))
        return [
            Decided(
                decision_id=decision_id,
                asked=each.asked,
                decision=each.decision,
                licensee=each.licensee,
                at=place.at,
                record_sha256=kept.record_sha256,
            )
            for each, decision_id in zip(rows, kept.decision_ids, strict=True)
        ]

    def _sign(
        self,
        decided: Sequence[Decided],
        rows: Sequence[_Settled],
        place: Place,
        caller: OrganizationCaller,
        *,
        nonce: str | None,
    ) -> str:
        """One signature over one decision, or over all rows of a batch (those have names)."""
        signer = self._keys.signer(caller.livemode, at=place.at)
        return signer.sign(
            Receipt(
                receipt_id=receipt_id(decided[0].decision_id),
                issuer=signer.issuer,
                audience=caller.organization,
                licensee=_licensee(rows, caller),
                livemode=caller.livemode,
                issued_at=place.at.replace(microsecond=0),
                # Of a batch: as long as the shortest of its rows.
                expires_at=min(each.valid_until for each in decided),
                nonce=nonce,
                position=place.position,
                seq=place.seq,
                as_of=place.at,
                node=signer.node,
                batch=rows[0].row is not None,
                items=tuple(each.item(row=row.row) for each, row in zip(decided, rows, strict=True)),
            )
        )


def _draft(rows: Sequence[_Settled], place: Place, caller: OrganizationCaller, *, nonce: str | None) -> Draft:
    """What the ledger keeps of them: nothing of the context but its digest."""
    issued_at = place.at.replace(microsecond=0)
    return Draft(
        livemode=place.livemode,
        audience=caller.organization,
        licensee=_licensee(rows, caller),
        issued_at=issued_at,
        expires_at=issued_at + timedelta(seconds=min(row.decision.valid_for_s for row in rows)),
        as_of=place.at,
        nonce=nonce,
        position=place.position,
        seq=place.seq,
        batch=rows[0].row is not None,
        items=[
            DraftItem(
                req_sha256=row.asked.digest(),
                decision=row.decision.outcome.value,
                reasons=[reason.value for reason in row.decision.reasons],
                obligations=row.decision.obligations,
                grants=row.decision.grants,
                performers=[each for each in row.asked.performers if is_id(each, "prf")],
                attester=row.decision.attester,
                row=row.row,
            )
            for row in rows
        ],
    )


def _licensee(rows: Sequence[_Settled], caller: OrganizationCaller) -> str:
    """Rows that ask for several licensees name no one of them; each row's question says whose it is."""
    licensees = {row.licensee for row in rows}
    return licensees.pop() if len(licensees) == 1 else caller.organization


def _name(row: _Settled) -> str:
    assert row.row is not None
    return row.row


def _row_nonce(batch: Batch, row: str, request: CheckRequest | None) -> str | None:
    """What makes a row's counted outputs count once: its own nonce, or the batch's with the row's name."""
    if request is not None and isinstance(request.nonce, str):
        return request.nonce
    return None if batch.nonce is None else f"{batch.nonce}/{row}"
