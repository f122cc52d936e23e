"""Receipts of answers: the one that came along, or fetched; held against the answer where there is trust."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from consent.client.answers import known
from consent.client.errors import BadRequest, Unavailable, UnreliableAnswer
from consent.client.exchange import Exchange
from consent.client.signed_receipt import SignedReceipt
from consent.core.wire.check import BatchResponse, CheckResponse
from signing.canonical import canonicalize, sha256_hex
from signing.errors import SigningError
from signing.receipt import MAX_RECEIPT_BYTES, Receipt, ReceiptItem
from signing.trust import Trust

WAITS_S = (
    0.1,
    0.2,
    0.4,
    0.8,
    1.5,
    2.0,
)  # a deferred receipt follows within about a second, p99 5 s (DESIGN §8)
_DECISION_ID = re.compile(r"dec_[A-Za-z0-9_-]{1,200}", re.ASCII)


class ReceiptDesk:
    """Where a registry's receipts come from, and what is expected of them."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        trust: Trust | None,
        livemode: bool,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._exchange = exchange
        self._trust = trust
        self._livemode = livemode
        self._now = now
        self._sleep = sleep

    @property
    def verifies(self) -> bool:
        """Whether there is trust to verify with."""
        return self._trust is not None

    def of_check(self, answer: CheckResponse, *, nonce: str, inline: bool) -> Callable[[], SignedReceipt]:
        """How to get the receipt of one decision. One that came inline is judged now.

        Raises:
            UnreliableAnswer: an inline receipt is missing, does not verify, or is of another decision.
        """

        def expectation(receipt: Receipt) -> None:
            check_receipt(receipt, answer, nonce=nonce)

        if answer.receipt is not None:
            inline_receipt = self._judged(answer.receipt, expectation)
            return lambda: inline_receipt
        if inline:
            raise UnreliableAnswer("expected a receipt with the answer, got none")
        return lambda: self._judged(self._fetch(answer.decision_id), expectation)

    def of_batch(self, answer: BatchResponse, *, nonce: str) -> Callable[[], SignedReceipt]:
        """The receipt of a batch, judged now.

        Raises:
            UnreliableAnswer: it is missing, does not verify, or is of another batch.
        """
        if all(known(result.decision, None) is None for result in answer.results):
            return _no_receipt  # nothing was decided, so there is nothing to prove
        if answer.receipt is None:
            raise UnreliableAnswer("expected a receipt with the batch, got none")

        def expectation(receipt: Receipt) -> None:
            check_batch_receipt(receipt, answer, nonce=nonce)

        receipt = self._judged(answer.receipt, expectation)
        return lambda: receipt

    def _judged(self, token: str, expectation: Callable[[Receipt], None]) -> SignedReceipt:
        if not token.isascii() or len(token) > MAX_RECEIPT_BYTES or token.count(".") != 2:
            raise UnreliableAnswer("expected a receipt as a compact JWS, got something else")
        receipt = SignedReceipt(token=token, trust=self._trust, expectation=expectation)
        if self._trust is not None:
            try:
                receipt.verify(at=self._now(), allow_test=not self._livemode)
            except SigningError as exc:
                raise UnreliableAnswer(f"the receipt does not verify: {exc}") from exc
        return receipt

    def _fetch(self, decision_id: str) -> str:
        if not _DECISION_ID.fullmatch(decision_id):
            raise UnreliableAnswer(f"expected a decision id such as dec_…, got {decision_id[:60]!a}")
        for wait_s in WAITS_S:
            token = self._ask(decision_id)
            if token is not None:
                return token
            self._sleep(wait_s)
        raise Unavailable(f"the receipt of {decision_id} is not there yet; ask for it again in a while")

    def _ask(self, decision_id: str) -> str | None:
        """The token, or None while the ledger has not sealed it."""
        try:
            json = self._exchange.get(f"/v1/receipts/{decision_id}", max_bytes=MAX_RECEIPT_BYTES).json
        except BadRequest as exc:
            if exc.status == 404:
                return None
            raise Unavailable(f"the receipt of {decision_id} cannot be had: {exc}") from exc
        token = json.get("receipt")
        if not isinstance(token, str):
            raise UnreliableAnswer("expected a receipt from the registry, got none")
        return token


def _no_receipt() -> SignedReceipt:
    raise UnreliableAnswer("expected a receipt, but the batch decided nothing")


def check_receipt(receipt: Receipt, answer: CheckResponse, *, nonce: str) -> None:
    """Raise UnreliableAnswer unless the receipt is of this very answer."""
    if receipt.batch:
        raise UnreliableAnswer("expected the receipt of one decision, got that of a batch")
    _same("nonce", receipt.nonce, receipt.salted(nonce))
    _same("livemode", receipt.livemode, answer.livemode)
    _same("audience", receipt.audience, answer.asked.get("caller"))
    _same("position", receipt.position, answer.position)
    item = receipt.item
    _check_item(
        receipt,
        item,
        decision=answer.decision,
        decision_id=answer.decision_id,
        asked=answer.asked,
        lists={"reasons": answer.reasons, "obligations": answer.obligations, "grants": answer.grants},
    )
    if answer.record_sha256 is not None:
        _same("record_sha256", item.record_sha256, answer.record_sha256)


def check_batch_receipt(receipt: Receipt, answer: BatchResponse, *, nonce: str) -> None:
    """Raise UnreliableAnswer unless the receipt is of this very batch, item by item."""
    if not receipt.batch:
        raise UnreliableAnswer("expected the receipt of a batch, got that of one decision")
    _same("nonce", receipt.nonce, receipt.salted(nonce))
    _same("livemode", receipt.livemode, answer.livemode)
    _same("position", receipt.position, answer.position)
    items = {item.row: item for item in receipt.items}
    decided = [result for result in answer.results if known(result.decision, None) is not None]
    _same("number of decisions", len(receipt.items), len(decided))
    for result in decided:
        item = items.get(receipt.salted(result.id))
        if item is None:
            raise UnreliableAnswer(f"the receipt says nothing of item {result.id}")
        asked = known(result.asked, {})
        _same("audience", receipt.audience, asked.get("caller"))
        _check_item(
            receipt,
            item,
            decision=known(result.decision, None),
            decision_id=known(result.decision_id, ""),
            asked=asked,
            lists={
                "reasons": known(result.reasons, []),
                "obligations": known(result.obligations, []),
                "grants": known(result.grants, []),
            },
        )


def _check_item(
    receipt: Receipt,
    item: ReceiptItem,
    *,
    decision: str | None,
    decision_id: str,
    asked: Mapping[str, object],
    lists: Mapping[str, list[str]],
) -> None:
    _same("decision", item.decision, decision)
    _same("decision_id", item.decision_id, decision_id)
    for name, values in lists.items():
        _same(name, list(getattr(item, name)), values)
    digest = sha256_hex(canonicalize(dict(asked)))  # type: ignore[arg-type]  # parsed JSON
    _same("question", item.req_sha256, receipt.salted(digest))


def _same(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise UnreliableAnswer(
            f"the receipt is of another answer: its {what} is {str(got)[:80]!r}, expected {str(expected)[:80]!r}"
        )
