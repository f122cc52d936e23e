"""From the facts of a batch to its answer: every row decided as if it stood alone, all kept and signed together."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from consent.check.batch.answered import AnsweredBatch, Settled
from consent.check.batch.settling import BatchSettling
from consent.check.caller import OrganizationCaller
from consent.check.checks import ToProblem
from consent.check.decision_figures import count_decision
from consent.check.ledger.batch import BatchDraft, BatchItem
from consent.check.ledger.draft import Ledger
from consent.check.limits.counting import Counting
from consent.check.moments import instant_ms, second_of
from consent.check.place import Place
from consent.check.process_keys import ProcessKeys
from consent.check.question import Question
from consent.core.facts import Facts
from consent.core.wire.decode import Batch
from consent.core.wire.errors import WireError
from consent.registry.ports import RegistryPorts
from signing.ledger_record import receipt_id
from signing.receipt import BatchRows, Receipt, ReceiptItem


class BatchAnswering:
    """Safe to share between threads."""

    def __init__(
        self, ports: RegistryPorts, *, ledger: Ledger, keys: ProcessKeys, counting: Counting
    ) -> None:
        self._ports = ports
        self._counting = counting
        self._ledger = ledger
        self._keys = keys

    def __repr__(self) -> str:
        return "BatchAnswering()"

    def answer(
        self,
        batch: Batch,
        asked: Sequence[Question | WireError],
        facts: Sequence[Facts],
        place: Place,
        *,
        caller: OrganizationCaller,
        to_problem: ToProblem,
    ) -> AnsweredBatch:
        """The answer to all rows; `asked` is what the batch's requests ask, `facts` are of the questions among them."""
        settling = BatchSettling(batch, place, caller=caller, to_problem=to_problem, counting=self._counting)
        settling.settle(asked, facts)
        settled, places = settling.settled, settling.places
        names, decided = batch.names, places
        if settling.problems:
            told = [row for row, at in enumerate(places) if at < len(settled)]
            names, decided = [names[row] for row in told], [places[row] for row in told]
        second = second_of(place.at)
        as_of = instant_ms(place.at, second)
        ids: Sequence[str] = ()
        receipt = None
        if settled:
            draft = BatchDraft(
                livemode=place.livemode,
                at=place.at,
                audience=caller.organization,
                licensee=_licensee(settled, caller),
                issued_s=second,
                # As long as the shortest of its rows.
                expires_s=second + min(each.decision.valid_for_s for each in settled),
                as_of=as_of,
                nonce=batch.nonce,
                position=place.position,
                seq=place.seq,
                items=[_item(each) for each in settled],
                names=names,
                places=decided,
            )
            kept = self._ledger.keep(draft)
            ids = kept.decision_ids
            self._count(settled, decided, livemode=place.livemode)
            receipt = self._sign(draft, settled, ids, record_sha256=kept.record_sha256)
        if settling.problems:
            following = iter(ids)
            ids = [next(following) if at < len(settled) else "" for at in places]
        return AnsweredBatch(
            names=batch.names,
            places=places,
            decision_ids=ids,
            shared=[*settled, *settling.problems],
            livemode=place.livemode,
            position=place.position,
            as_of=as_of,
            second=second,
            receipt=receipt,
        )

    def _count(self, settled: Sequence[Settled], places: Sequence[int], *, livemode: bool) -> None:
        for at, number in Counter(places).items():
            count_decision(self._ports.log.figures, settled[at].decision, livemode=livemode, number=number)

    def _sign(
        self, draft: BatchDraft, settled: Sequence[Settled], ids: Sequence[str], *, record_sha256: str
    ) -> str:
        """One signature over all rows that were decided."""
        signer = self._keys.signer(draft.livemode, at=draft.at)
        issued_at = draft.at.replace(microsecond=0)
        receipt = Receipt(
            receipt_id=receipt_id(ids[0]),
            issuer=signer.issuer,
            audience=draft.audience,
            licensee=draft.licensee,
            livemode=draft.livemode,
            issued_at=issued_at,
            expires_at=issued_at + timedelta(seconds=draft.expires_s - draft.issued_s),
            nonce=draft.nonce,
            position=draft.position,
            seq=draft.seq,
            as_of=draft.at,
            node=signer.node,
            batch=True,
            items=tuple(
                ReceiptItem(
                    decision_id=ids[0],
                    req_sha256=each.question.digest,
                    decision=each.decision.outcome.value,
                    reasons=tuple(reason.value for reason in each.decision.reasons),
                    obligations=each.decision.obligations,
                    grants=each.decision.grants,
                    record_sha256=record_sha256,
                    attester=each.decision.attester,
                )
                for each in settled
            ),
        )
        return signer.sign_batch(receipt, BatchRows(names=draft.names, decision_ids=ids, places=draft.places))


def _item(settled: Settled) -> BatchItem:
    """What the ledger keeps of a decision: nothing of the context but its digest."""
    question, decision = settled.question, settled.decision
    return BatchItem(
        req_sha256=question.digest,
        decision=decision.outcome.value,
        reasons=decision.reasons,
        obligations=decision.obligations,
        grants=decision.grants,
        performers=question.performers,
        attester=decision.attester,
    )


def _licensee(settled: Sequence[Settled], caller: OrganizationCaller) -> str:
    """Rows that ask for several licensees name no one of them; each row's question says whose it is."""
    licensees = {each.licensee for each in settled}
    return licensees.pop() if len(licensees) == 1 else caller.organization
