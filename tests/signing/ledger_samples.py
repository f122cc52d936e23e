"""Ledger records and a segment's receipts to verify; all of them well formed."""

import hashlib
from dataclasses import replace
from typing import Any

from signing.ledger_record import LedgerRecord, receipt_id, write_record
from signing.ledger_root import LedgerReceipt, LedgerRoot, format_ledger_receipt
from signing.merkle import inclusion_proof, leaf_hash, tree_root
from signing.receipt import ReceiptSigner
from signing.receipt_claims import salted
from tests.signing.samples import ISSUERS, NODE, NOW, an_id, item, receipt, receipt_signer

SALT = "5a" * 16
FIRST = 7


def record(n: int, *, livemode: bool = True, batch: bool = False, **changes: Any) -> LedgerRecord:
    """The n-th record, of one decision or of three."""
    salt = bytes.fromhex(SALT)
    names = [f"dec_{chr(97 + n)}{letter * 25}" for letter in "abc"]
    items = tuple(
        item(
            decision_id=name,
            req_sha256=salted("01" * 32, salt),
            row=salted(f"row-{at}", salt) if batch else None,
        )
        for at, name in enumerate(names[: 3 if batch else 1])
    )
    value = receipt(
        livemode=livemode,
        receipt_id=receipt_id(names[0]),
        nonce=salted("n-1", salt),
        batch=batch,
        items=items,
        salt=SALT,
    )
    return LedgerRecord(n=n, performers=((an_id("prf"),),) * len(items), receipt=replace(value, **changes))


def ledger(
    *records: bytes, signer: ReceiptSigner | None = None, livemode: bool = True, **changes: Any
) -> list[str]:
    """A receipt for each of the records of one segment."""
    signer = signer or receipt_signer(livemode=livemode)
    leaves = [leaf_hash(hashlib.sha256(each).digest()) for each in records]
    root = LedgerRoot(
        issuer=ISSUERS[livemode],
        livemode=livemode,
        sealer=NODE,
        sealed_at=NOW,
        node=NODE,
        boot="0b" * 6,
        segment=3,
        first=FIRST,
        count=len(records),
        root=tree_root(leaves).hex(),
        previous="00" * 32,
        chain="11" * 32,
        dropped=0,
    )
    token = signer.sign_root(replace(root, **changes))
    return [
        format_ledger_receipt(
            LedgerReceipt(root=token, record=each, proof=tuple(inclusion_proof(at, leaves)))
        )
        for at, each in enumerate(records)
    ]


def written(count: int = 5, **changes: Any) -> list[bytes]:
    """So many records; the third is a batch."""
    return [write_record(record(FIRST + at, batch=at == 2, **changes)) for at in range(count)]
