"""What rests on the log, to accept and to refuse: packages with their proof, receipts with theirs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from signing.canonical import sha256_hex
from signing.ledger_record import receipt_id
from signing.receipt import sign_receipt
from signing.receipt_proof import ReceiptProof, format_receipt_proof
from tests.signing.ledger_samples import FIRST, ledger, written
from tests.signing.log_samples import (
    event,
    log_signer,
    logged,
    logged_package,
    origin,
    receipt_proof,
    salt,
    with_proof,
)
from tests.signing.samples import altered, item, package, receipt, receipt_signer

RECORDS = written(5)
DECISION = f"dec_{chr(97 + FIRST + 1)}{'a' * 25}"  # of the second of `RECORDS`


def inline(**changes: Any) -> str:
    """The receipt that came with the answer of the second record."""
    said = item(decision_id=DECISION, record_sha256=sha256_hex(RECORDS[1]))
    value = receipt(receipt_id=receipt_id(DECISION), items=(said,))
    return sign_receipt(replace(value, **changes), signer=receipt_signer())


def log_documents() -> Iterator[tuple[str, bool, str, bytes]]:
    """Name, whether it is valid, why, and the bytes."""
    for name, valid, why, data in _packages():
        yield f"log-{name}.grant.json", valid, why, data
    for name, valid, why, proof in _proofs():
        yield (
            f"{name}.proof.json",
            valid,
            why,
            proof if isinstance(proof, bytes) else format_receipt_proof(proof),
        )


def _packages() -> Iterator[tuple[str, bool, str, bytes]]:
    good = logged_package()

    def other(**changes: Any) -> bytes:
        return with_proof(package(), **changes)

    def bent(change: Callable[[dict[str, Any]], None]) -> bytes:
        return altered(good, lambda document: change(document["proof"]))

    def lines(old: str, new: str) -> bytes:
        return bent(lambda proof: proof.update(tlog_proof=proof["tlog_proof"].replace(old, new, 1)))

    yield "witnessed", True, "the log holds its signing, and a witness cosigned", good
    yield "operator-only", True, "the log holds its signing, and nobody cosigned", other(witnessed=False)
    yield "witnessed-of-test", True, "the same of the test side", logged_package(livemode=False)
    next_log = log_signer(name=origin() + "/2")
    yield (
        "after-a-loss",
        True,
        "in the log that goes on after a declared loss",
        other(by=next_log, witnessed=False),
    )
    yield "salt", False, "another salt", bent(lambda proof: proof.update(salt="A" * 43))
    yield (
        "event",
        False,
        "another event",
        bent(lambda proof: proof["event"].update(at="2026-12-02T09:00:00Z")),
    )
    yield "kind", False, "the event of something else", other(event=event("grant.active", {}))
    yield "grant", False, "the event of another grant", other(body={"grant": "grt_" + "b" * 26})
    yield "digest", False, "the event of another body", other(body={"grant_sha256": "0" * 64})
    yield "place", False, "another place than the countersigned one", other(index=41)
    yield "index", False, "another index than the proof's", lines("index 40", "index 39")
    yield "size", False, "another size than the signed one", lines("\n43\n", "\n44\n")
    yield "version", False, "another version of proof files", lines("@v1", "@v2")
    yield (
        "stranger",
        False,
        "a checkpoint by a key that is not in the trust file",
        other(by=log_signer(seed=777)),
    )
    yield "receipt-key", False, "a checkpoint by the receipt key", other(by=log_signer(seed=101))
    yield "origin", False, "another registry's log", other(by=log_signer(name="other.example/log/live"))
    by_test = log_signer(livemode=False, name=origin())
    yield "side", False, "the live log, signed with the test log's key", other(by=by_test)


def _proofs() -> Iterator[tuple[str, bool, str, ReceiptProof | bytes]]:
    one, token = receipt_proof(RECORDS, 1)
    batch, batch_token = receipt_proof(RECORDS, 2)
    test, test_token = receipt_proof(written(3, livemode=False), 1, livemode=False)
    good = format_receipt_proof(one)

    def committed(**changes: Any) -> ReceiptProof:
        return replace(one, committed=replace(one.committed, **changes))

    yield "witnessed", True, "a decision by the log alone", one
    yield "witnessed-deferred", True, "with the deferred receipt", one.with_receipt(token)
    yield "witnessed-inline", True, "with the receipt that came inline", one.with_receipt(inline())
    yield "witnessed-batch", True, "a batch, with its receipt", batch.with_receipt(batch_token)
    yield "witnessed-of-test", True, "a decision of the test side", test.with_receipt(test_token)
    yield "record", False, "another record", committed(record=RECORDS[0])
    yield "list-place", False, "another place in the list", committed(index=1)
    yield "beyond-list", False, "no place of the list", committed(index=3)
    yield "record-path", False, "no path of the record", committed(record_path=())
    yield "segment-path", False, "no path of the segment", committed(segment_path=())
    segment = replace(one.committed.segment, segment=4)
    yield "segment", False, "another segment", committed(segment=segment)
    said = event("ledger.committed", {"n": 1})
    yield "no-commitment", False, "an event that commits to nothing", replace(one, logged=logged(said))
    body: Any = one.logged.event["body"]
    yield "kind", False, "an event of another kind", replace(one, logged=logged(event("grant.signed", body)))
    yield "salt", False, "another salt", replace(one, logged=replace(one.logged, salt=salt(1)))
    yield (
        "before",
        False,
        "committed before it was decided",
        receipt_proof(RECORDS, 1, said_at=timedelta(seconds=-61))[0],
    )
    yield "receipt-seq", False, "with a receipt of another position", one.with_receipt(inline(seq=42))
    yield "receipt-nonce", False, "with a receipt of another nonce", one.with_receipt(inline(nonce="n-2"))
    yield (
        "receipt-other",
        False,
        "with the receipt of another decision",
        one.with_receipt(ledger(*RECORDS)[0]),
    )
    yield "receipt-forged", False, "with a forged receipt", one.with_receipt(inline()[:-4] + "AAAA")
    yield (
        "schema",
        False,
        "another version",
        altered(good, lambda d: d.update(schema="consent-registry/receipt-proof/v2")),
    )
    yield "unknown", False, "an unknown member", altered(good, lambda d: d.update(more=1))
