"""A receipt proof shows, from the log alone, what was decided; nothing in it can be exchanged."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signing.canonical import sha256_hex
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.ledger_record import receipt_id
from signing.receipt import sign_receipt
from signing.receipt_proof import (
    ProvenReceipt,
    ReceiptProof,
    format_receipt_proof,
    parse_receipt_proof,
    verify_receipt_proof,
)
from signing.trust import Trust
from tests.signing.ledger_samples import ledger, written
from tests.signing.log_samples import event, logged, policy, receipt_proof
from tests.signing.samples import NOW, altered, an_id, item, receipt, receipt_signer, trust

RECORDS = written(5)
ONE, TOKEN = receipt_proof(RECORDS, 1)
DECISION = "dec_i" + "a" * 25


def verify(proof: ReceiptProof | bytes, **changes: Any) -> ProvenReceipt:
    """Verify on the live side, whoever asked."""
    data = proof if isinstance(proof, bytes) else format_receipt_proof(proof)
    options = {"trust": trust(), "at": NOW + timedelta(days=900), "expected_audience": None}
    return verify_receipt_proof(data, **(options | changes))  # type: ignore[arg-type]


def inline(record: bytes = RECORDS[1], **changes: Any) -> str:
    """The receipt that was handed out with the answer of that record."""
    said = item(decision_id=DECISION, record_sha256=sha256_hex(record))
    value = receipt(receipt_id=receipt_id(DECISION), items=(said,))
    return sign_receipt(replace(value, **changes), signer=receipt_signer())


def test_the_log_alone_proves_a_decision() -> None:
    found = verify(ONE)
    assert found.receipt.item.decision_id == DECISION
    assert (found.commitment.number, found.logged.kind, found.signed) == (0, "ledger.committed", False)
    keys = tuple(each for each in trust().keys if each.role == "log")
    assert verify(ONE, trust=Trust(issuers=trust().issuers, keys=keys)).receipt == found.receipt
    assert verify(ONE, policy=policy()).logged.quorum


def test_a_batch_is_proven_like_one_decision() -> None:
    proof, token = receipt_proof(RECORDS, 2)
    assert len(verify(proof.with_receipt(token)).receipt.items) == 3


@pytest.mark.parametrize("token", [TOKEN, inline()], ids=["deferred", "inline"])
def test_the_receipt_that_was_kept_is_verified_with_it(token: str) -> None:
    found = verify(ONE.with_receipt(token))
    assert found.signed and found.receipt.item.decision_id == verify(ONE).receipt.item.decision_id
    assert verify(ONE.with_receipt(inline())).receipt.nonce == "n-1"


def test_it_reads_back() -> None:
    for proof in (ONE, ONE.with_receipt(TOKEN)):
        data = format_receipt_proof(proof)
        assert format_receipt_proof(parse_receipt_proof(data)) == data


def test_the_test_side_counts_only_where_it_is_said() -> None:
    proof, _ = receipt_proof(written(3, livemode=False), 1, livemode=False)
    with pytest.raises(UntrustedError, match="allow_test"):
        verify(proof)
    assert verify(proof, allow_test=True).receipt.livemode is False


def test_an_audience_that_is_expected_must_be_the_one() -> None:
    assert verify(ONE, expected_audience=an_id("org")).receipt.audience == an_id("org")
    with pytest.raises(UntrustedError):
        verify(ONE, expected_audience=an_id("org", "b"))


def test_nothing_is_older_than_it_could_be() -> None:
    with pytest.raises(UntrustedError, match="younger than its commitment"):
        verify(receipt_proof(RECORDS, 1, said_at=timedelta(seconds=-61))[0])
    with pytest.raises(UntrustedError, match="later than now"):
        verify(ONE, at=NOW - timedelta(seconds=61))


OTHER_INLINE = item(
    decision="deny",
    reasons=("territory",),
    grants=(),
    obligations=(),
    decision_id=DECISION,
    record_sha256=sha256_hex(RECORDS[1]),
)


@pytest.mark.parametrize(
    ("proof", "error"),
    [
        (lambda: replace(ONE, committed=replace(ONE.committed, record=RECORDS[0])), SignatureError),
        (lambda: replace(ONE, committed=replace(ONE.committed, index=1)), SignatureError),
        (lambda: replace(ONE, committed=replace(ONE.committed, index=3)), MalformedError),
        (lambda: replace(ONE, committed=replace(ONE.committed, record_path=())), SignatureError),
        (lambda: replace(ONE, committed=replace(ONE.committed, segment_path=())), SignatureError),
        (lambda: replace(ONE, logged=logged(event("ledger.committed", {}))), MalformedError),
        (
            lambda: replace(ONE, logged=logged(event("grant.signed", ONE.logged.event["body"]))),
            UntrustedError,
        ),  # type: ignore[arg-type]
        (lambda: ONE.with_receipt(inline(seq=42)), UntrustedError),
        (lambda: ONE.with_receipt(inline(nonce="n-2")), UntrustedError),
        (lambda: ONE.with_receipt(inline(items=(OTHER_INLINE,))), UntrustedError),
        (lambda: ONE.with_receipt(inline(RECORDS[0])), UntrustedError),
        (lambda: ONE.with_receipt(ledger(*RECORDS)[0]), UntrustedError),
        (lambda: ONE.with_receipt(inline()[:-4] + "AAAA"), SigningError),
    ],
    ids=[
        "another record",
        "another place in the list",
        "no place in the list",
        "no path of the record",
        "no path of the segment",
        "an event that commits to nothing",
        "an event of another kind",
        "a receipt of another position",
        "a receipt with another nonce",
        "a receipt that says deny",
        "a receipt that names another record",
        "another deferred receipt",
        "a forged receipt",
    ],
)
def test_nothing_can_be_exchanged(proof: Callable[[], ReceiptProof], error: type[SigningError]) -> None:
    with pytest.raises(error):
        verify(proof())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", "consent-registry/receipt-proof/v2"),
        ("record", "!"),
        ("record_path", "AAAA"),
        ("segment", {}),
        ("index", -1),
        ("log", "pending"),
        ("receipt", "\N{SNOWMAN}"),
        ("more", 1),
    ],
)
def test_a_malformed_member_is_named(name: str, value: object) -> None:
    data = altered(format_receipt_proof(ONE), lambda document: document.update({name: value}))
    with pytest.raises(MalformedError) as caught:
        parse_receipt_proof(data)
    assert caught.value.pointer.startswith(f"/{name}")
