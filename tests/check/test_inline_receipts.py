"""An inline receipt is, to the byte, the one that the specified writer signs, and it verifies offline."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signing.samples import NOW, trust

WORDS = st.text(st.sampled_from('abc"\\/<>&é漢字😀 -_.{}'), min_size=1, max_size=40).filter(
    lambda text: text == text.strip()
)
REASONS = st.lists(st.sampled_from(["no_active_consent", "territory", "quota"]), max_size=3, unique=True)


def _specified(single: Any, signer: Any, *, decision_id: str, record_sha256: str) -> Any:
    from signing.instants import parse_instant_ms, parse_numeric_date
    from signing.ledger_record import receipt_id
    from signing.receipt import Receipt, ReceiptItem

    return Receipt(
        receipt_id=receipt_id(decision_id),
        issuer=signer.issuer,
        audience=single.audience,
        licensee=single.licensee,
        livemode=signer.livemode,
        issued_at=parse_numeric_date(single.issued_s),
        expires_at=parse_numeric_date(single.expires_s),
        nonce=single.nonce,
        position=single.position,
        seq=single.seq,
        as_of=parse_instant_ms(single.as_of),
        node=signer.node,
        batch=False,
        items=(
            ReceiptItem(
                decision_id=decision_id,
                req_sha256=single.req_sha256,
                decision=single.decision,
                reasons=tuple(single.reasons),
                obligations=tuple(single.obligations),
                grants=tuple(single.grants),
                record_sha256=record_sha256,
                attester=single.attester,
            ),
        ),
    )


@given(WORDS | st.none(), WORDS | st.none(), WORDS, REASONS, st.integers(-1, 2**53 - 1), st.booleans())
@settings(max_examples=200, deadline=None)
def test_an_inline_receipt_is_what_the_specified_writer_signs(
    nonce: str | None, attester: str | None, position: str, reasons: list[str], seq: int, livemode: bool
) -> None:
    from consent.check.inline_receipt import InlineReceipts
    from signing.receipt import sign_receipt, verify_receipt
    from tests.check.ledger.house import process_keys, single

    denied: dict[str, Any] = {"decision": "deny", "reasons": reasons, "grants": (), "obligations": ()}
    made = single(nonce=nonce, attester=attester, position=position, seq=seq, **(denied if reasons else {}))
    keys, decision_id, digest = process_keys(), "dec_" + "a" * 26, "1" * 64
    told = InlineReceipts(keys).sign(
        made, livemode=livemode, decision_id=decision_id, record_sha256=digest, at=NOW
    )
    signer = keys.signer(livemode, at=NOW)
    specified = _specified(made, signer, decision_id=decision_id, record_sha256=digest)
    assert told == sign_receipt(specified, signer=signer)
    verified = verify_receipt(
        told, trust=trust(), at=NOW, expected_audience=made.audience, allow_test=not livemode
    )
    assert verified == specified


def test_a_new_key_signs_under_its_own_certificate() -> None:
    from consent.check.inline_receipt import InlineReceipts
    from signing.receipt import verify_receipt
    from tests.check.ledger.house import process_keys, single

    keys = process_keys()
    receipts = InlineReceipts(keys)
    headers = set()
    for days in (0, 2):
        at = NOW + timedelta(days=days)
        made = single(issued_s=int(at.timestamp()), expires_s=int(at.timestamp()) + 300)
        told = receipts.sign(
            made, livemode=True, decision_id="dec_" + "a" * 26, record_sha256="1" * 64, at=at
        )
        verify_receipt(told, trust=trust(), at=at, expected_audience=made.audience)
        headers.add(told.partition(".")[0])
    assert len(headers) == 2


def test_no_receipt_is_of_an_instant_outside_its_certificate() -> None:
    from consent.check.inline_receipt import InlineReceipts
    from signing.errors import UntrustedError
    from tests.check.ledger.house import process_keys, single

    made = single(issued_s=int(NOW.timestamp()) - 60)
    with pytest.raises(UntrustedError):
        InlineReceipts(process_keys()).sign(
            made, livemode=True, decision_id="dec_" + "a" * 26, record_sha256="1" * 64, at=NOW
        )
