"""A receipt verifies for ever under the keys of its day, and never as anything that it is not."""

import dataclasses
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signing import jws
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.process_key import certify_process_key, verify_process_certificate
from signing.purposes import BATCH_RECEIPT, COUNTERSIGNATURE, RECEIPT
from signing.receipt import Receipt, ReceiptSigner, sign_receipt, verify_receipt
from signing.receipt_claims import read_claims, write_claims
from signing.trust import Trust
from tests.signing.samples import (
    END,
    ISSUERS,
    NODE,
    NOW,
    START,
    STRANGER,
    an_id,
    item,
    key,
    receipt,
    receipt_signer,
    signer,
    trust,
)

ORG = an_id("org")
BATCH = receipt(
    batch=True,
    items=(
        item(row="row-1"),
        item(row="row-2", decision="deny", reasons=("territory", "language"), grants=(), obligations=()),
        item(row="row-3", attester="Example Studio", grants=(), reasons=("fictional_persona",)),
    ),
)
ONE = receipt()


def verify(token: Any, **changes: Any) -> Receipt:
    """Verify as the organization that asked, at the time of asking."""
    return verify_receipt(token, **({"trust": trust(), "at": NOW, "expected_audience": ORG} | changes))


def refuse(token: Any, **changes: Any) -> SigningError:
    """The error that a receipt is refused with."""
    with pytest.raises(SigningError) as caught:
        verify(token, **changes)
    return caught.value


@pytest.mark.parametrize("value", [ONE, BATCH, receipt(nonce=None, seq=-1)], ids=["one", "batch", "sparse"])
def test_a_receipt_says_what_was_signed(value: Receipt) -> None:
    token = sign_receipt(value, signer=receipt_signer())
    assert verify(token) == value
    assert verify(token.encode() + b"\n") == value
    assert read_claims(write_claims(value), batch=value.batch) == value


def test_a_receipt_verifies_years_later_when_every_key_has_retired() -> None:
    token = receipt_signer().sign(ONE)
    later = END + timedelta(days=4000)
    assert verify(token, at=later) == ONE
    assert not ONE.fresh(later)
    assert ONE.fresh(NOW) and not ONE.fresh(NOW + timedelta(seconds=300))
    assert not ONE.fresh(NOW - timedelta(seconds=1))


def test_one_decision_is_read_from_one_receipt() -> None:
    assert ONE.item.allowed
    with pytest.raises(ValueError, match="batch"):
        _ = BATCH.item


def test_a_test_receipt_counts_only_where_it_is_said() -> None:
    value = receipt(livemode=False)
    token = receipt_signer(livemode=False).sign(value)
    assert verify(token, allow_test=True) == value
    assert isinstance(refuse(token), UntrustedError)
    assert verify(receipt_signer().sign(ONE), allow_test=True) == ONE


def test_a_test_process_key_makes_no_live_receipt() -> None:
    tester = receipt_signer(livemode=False)
    with pytest.raises(UntrustedError):
        tester.sign(ONE)
    for claimed in (
        ONE,
        receipt(livemode=True, issuer=ISSUERS[False]),
        receipt(livemode=False, issuer=ISSUERS[True]),
    ):
        forged = jws.sign(
            write_claims(claimed), typ=RECEIPT, key=tester.private, header={"cert": tester.certificate}
        )
        assert isinstance(refuse(forged), UntrustedError)
        assert isinstance(refuse(forged, allow_test=True), UntrustedError)


def test_a_receipt_is_for_whoever_asked() -> None:
    token = receipt_signer().sign(ONE)
    assert isinstance(refuse(token, expected_audience=an_id("org", "b")), UntrustedError)
    assert isinstance(refuse(token, expected_audience=""), UntrustedError)
    assert verify(token, expected_audience=None) == ONE


def test_the_expected_audience_must_be_typed_out() -> None:
    with pytest.raises(TypeError):
        verify_receipt(receipt_signer().sign(ONE), trust=trust(), at=NOW)  # type: ignore[call-arg]


def test_a_receipt_from_the_future_is_refused() -> None:
    token = receipt_signer().sign(ONE)
    verify(token, at=NOW - timedelta(seconds=60))
    assert isinstance(refuse(token, at=NOW - timedelta(seconds=61)), UntrustedError)


def _bent_signer(**changes: Any) -> ReceiptSigner:
    return replace(receipt_signer(), **changes)


def test_a_process_key_signs_only_inside_its_certificate() -> None:
    signing = receipt_signer()
    for at in (signing.not_before - timedelta(seconds=1), signing.not_after):
        late = receipt(issued_at=at, expires_at=at + timedelta(seconds=300))
        with pytest.raises(UntrustedError):
            signing.sign(late)
        forged = _bent_signer(not_before=START, not_after=END).sign(late)
        assert isinstance(refuse(forged, at=at), UntrustedError)


@pytest.mark.parametrize(
    "change", [{"node": "check-2"}, {"issuer": "https://other.example"}, {"issuer": ISSUERS[False]}], ids=repr
)
def test_a_process_key_signs_only_as_the_node_it_is_certified_for(change: dict[str, Any]) -> None:
    with pytest.raises(UntrustedError):
        receipt_signer().sign(receipt(**change))
    assert isinstance(refuse(_bent_signer(**change).sign(receipt(**change))), UntrustedError)


def test_a_certificate_of_another_process_is_refused() -> None:
    forged = _bent_signer(private=STRANGER).sign(ONE)
    assert isinstance(refuse(forged), UntrustedError)


def _certificate(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "process_public": STRANGER.public,
        "issuer": ISSUERS[True],
        "livemode": True,
        "node": NODE,
        "not_before": NOW - timedelta(hours=1),
        "not_after": NOW + timedelta(hours=1),
        "receipt_signer": signer("receipt"),
    }
    arguments |= changes
    return certify_process_key(arguments.pop("receipt_signer"), **arguments)


def test_a_certificate_by_a_stranger_is_refused() -> None:
    for by in (signer("receipt", seed=77), signer("receipt", livemode=False)):
        forged = _bent_signer(private=STRANGER, certificate=_certificate(receipt_signer=by)).sign(ONE)
        assert isinstance(refuse(forged, allow_test=True), UntrustedError)


def test_a_certificate_by_a_key_of_another_role_is_refused() -> None:
    with pytest.raises(UntrustedError):
        _certificate(receipt_signer=signer("registry"))
    registry_key_in_receipt_role = replace(signer("registry"), role="receipt")
    forged = _bent_signer(
        private=STRANGER, certificate=_certificate(receipt_signer=registry_key_in_receipt_role)
    )
    assert isinstance(refuse(forged.sign(ONE)), UntrustedError)


@pytest.mark.parametrize(
    "window",
    [
        {"not_after": NOW - timedelta(hours=1)},
        {"not_after": NOW + timedelta(hours=23, seconds=1)},
        {"not_before": NOW + timedelta(hours=2)},
    ],
    ids=["empty", "long", "backwards"],
)
def test_a_process_key_is_certified_for_a_day_at_most(window: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        _certificate(**window)
    _certificate(not_after=NOW + timedelta(hours=23))


def test_a_certificate_from_outside_the_receipt_keys_validity_is_refused() -> None:
    certificate = _certificate(not_before=END, not_after=END + timedelta(hours=1))
    with pytest.raises(UntrustedError):
        verify_process_certificate(certificate, trust=trust(), expected_livemode=True)


def test_a_certificate_of_another_issuer_or_side_is_refused() -> None:
    tester = signer("receipt", livemode=False)
    for token, side in (
        (_certificate(issuer="https://other.example"), True),
        (_certificate(), False),
        (_certificate(livemode=False), True),
        (_certificate(livemode=False), False),
        (_certificate(receipt_signer=tester), True),
        (_certificate(receipt_signer=tester), False),
        (_certificate(livemode=False, receipt_signer=tester), False),  # names the live issuer
    ):
        with pytest.raises(UntrustedError):
            verify_process_certificate(token, trust=trust(), expected_livemode=side)


def test_a_receipt_in_the_place_of_a_certificate_is_refused() -> None:
    token = receipt_signer().sign(ONE)
    assert isinstance(refuse(_bent_signer(private=STRANGER, certificate=token).sign(ONE)), SigningError)


def test_a_receipt_signed_by_the_receipt_key_itself_is_refused() -> None:
    with pytest.raises(UntrustedError):
        signer("receipt").sign_jws(typ=RECEIPT, payload=write_claims(ONE))


def test_a_single_receipt_is_no_batch_nor_the_reverse() -> None:
    signing = receipt_signer()
    for value, typ in ((ONE, BATCH_RECEIPT), (BATCH, RECEIPT)):
        forged = jws.sign(
            write_claims(value), typ=typ, key=signing.private, header={"cert": signing.certificate}
        )
        assert isinstance(refuse(forged), MalformedError)


def test_a_token_of_another_purpose_is_no_receipt() -> None:
    token = signer("registry").sign_jws(typ=COUNTERSIGNATURE, payload=write_claims(ONE))
    assert isinstance(refuse(token), SignatureError)
    bare = jws.sign(write_claims(ONE), typ=RECEIPT, key=key(200))
    assert isinstance(refuse(bare), MalformedError)


def test_one_changed_letter_anywhere_is_refused() -> None:
    token = receipt_signer().sign(ONE)
    for place in range(0, len(token), 9):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        refuse(changed)


@pytest.mark.parametrize(
    "change",
    [
        {"receipt_id": "rcp_x"},
        {"audience": "somebody"},
        {"licensee": an_id("prf")},
        {"nonce": ""},
        {"nonce": "x" * 129},
        {"position": ""},
        {"seq": -2},
        {"expires_at": NOW},
        {"expires_at": NOW + timedelta(hours=24, seconds=1)},
        {"items": (item(decision_id="d1"),)},
        {"items": (item(req_sha256="AB" * 32),)},
        {"items": (item(decision="maybe"),)},
        {"items": (item(decision="deny", grants=(), obligations=()),)},
        {"items": (item(decision="deny", reasons=("territory",)),)},
        {"items": (item(reasons=("Not A Code",)),)},
        {"items": (item(grants=("grt_",)),)},
        {"items": (item(record_sha256=""),)},
        {"batch": True, "items": ()},
    ],
    ids=repr,
)
def test_a_receipt_that_breaks_a_rule_is_not_signed(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        receipt_signer().sign(receipt(**change))


@pytest.mark.parametrize("member", [*write_claims(ONE), "more", "items", "id"])
def test_a_payload_with_a_member_more_or_less_is_no_receipt(member: str) -> None:
    payload = write_claims(ONE)
    if member in payload:
        del payload[member]
    else:
        payload[member] = 1
    with pytest.raises(MalformedError) as caught:
        read_claims(payload, batch=False)
    assert caught.value.pointer == f"/{member}"


@pytest.mark.parametrize("token", ["", "a.b.c", b"\xff", b"", "x" * 100, b"x" * (17 << 20), "ü"])
def test_what_is_no_token_is_malformed(token: Any) -> None:
    assert isinstance(refuse(token), MalformedError)


def test_a_trust_file_of_nobody_trusts_nobody() -> None:
    assert isinstance(
        refuse(receipt_signer().sign(ONE), trust=Trust(issuers=ISSUERS, keys=())), UntrustedError
    )
    other_issuer = Trust(issuers={True: "https://other.example"}, keys=trust().keys)
    assert isinstance(refuse(receipt_signer().sign(ONE), trust=other_issuer), UntrustedError)


def test_a_receipt_is_a_value() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ONE.livemode = False  # type: ignore[misc]


def test_a_large_batch_verifies() -> None:
    rows = tuple(item(row=f"row-{number}") for number in range(1000))
    value = receipt(batch=True, items=rows)
    assert verify(receipt_signer().sign(value)) == value
