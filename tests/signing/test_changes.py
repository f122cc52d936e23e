"""A page of the change feed is for one reader and one request, and passes as nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from signing import jws
from signing.canonical import canonicalize
from signing.changes import sign_changes, verify_changes
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.instants import format_numeric_date
from signing.purposes import CHANGES, RECEIPT
from signing.receipt import verify_receipt
from tests.signing.samples import ISSUERS, NODE, NOW, STRANGER, an_id, receipt, receipt_signer, trust

ORG = an_id("org")


def claims(*, livemode: bool = True, **changes: Any) -> dict[str, Any]:
    """The payload of a page with nothing on it."""
    said = {
        "iss": ISSUERS[livemode],
        "aud": ORG,
        "livemode": livemode,
        "node": NODE,
        "iat": format_numeric_date(NOW),
        "nonce": "n-1",
        "events": [],
    }
    return said | changes


def page(*, livemode: bool = True, **changes: Any) -> str:
    """A page as a process signs it."""
    signer = receipt_signer(livemode=livemode)
    return sign_changes(canonicalize(claims(livemode=livemode, **changes)), issued_at=NOW, signer=signer)


def verify(token: Any, **changes: Any) -> Any:
    """Verify as the reader that asked."""
    asked: dict[str, Any] = {"trust": trust(), "expected_audience": ORG, "expected_nonce": "n-1"}
    return verify_changes(token, **(asked | changes))


def refuse(token: Any, **changes: Any) -> SigningError:
    """The error that a page is refused with."""
    with pytest.raises(SigningError) as caught:
        verify(token, **changes)
    return caught.value


def test_a_page_says_what_was_signed() -> None:
    found = verify(page())
    assert found.payload == claims()
    assert (found.livemode, found.issued_at) == (True, NOW)
    signer = receipt_signer()
    slow = jws.sign(claims(), typ=CHANGES, key=signer.private, header={"cert": signer.certificate})
    assert page() == slow


def test_a_page_answers_one_request_of_one_reader() -> None:
    assert isinstance(refuse(page(), expected_nonce="n-2"), UntrustedError)
    assert isinstance(refuse(page(), expected_audience=an_id("org", "b")), UntrustedError)
    assert verify(page(), expected_audience=None).payload["aud"] == ORG


def test_a_page_of_the_test_side_counts_only_where_it_is_said() -> None:
    token = page(livemode=False)
    assert isinstance(refuse(token), UntrustedError)
    assert not verify(token, allow_test=True).livemode
    # A process of the test side cannot speak for the live one.
    signer = receipt_signer(livemode=False)
    bent = sign_changes(canonicalize(claims(livemode=True)), issued_at=NOW, signer=signer)
    assert isinstance(refuse(bent, allow_test=True), UntrustedError)


def test_a_page_by_another_node_issuer_or_time_than_certified_is_refused() -> None:
    assert isinstance(refuse(page(node="another")), UntrustedError)
    assert isinstance(refuse(page(iss=ISSUERS[False])), UntrustedError)
    late = format_numeric_date(NOW + timedelta(hours=3))
    assert isinstance(refuse(page(iat=late)), UntrustedError)
    with pytest.raises(UntrustedError):
        sign_changes(b"{}", issued_at=NOW + timedelta(hours=3), signer=receipt_signer())


def test_a_page_by_a_stranger_is_refused() -> None:
    certificate = receipt_signer().certificate
    token = jws.sign(claims(), typ=CHANGES, key=STRANGER, header={"cert": certificate})
    assert isinstance(refuse(token), UntrustedError | SignatureError)
    assert isinstance(refuse(jws.sign(claims(), typ=CHANGES, key=STRANGER)), MalformedError)


@pytest.mark.parametrize("name", ["iss", "aud", "livemode", "node", "iat", "nonce"])
def test_a_page_without_a_claim_is_refused(name: str) -> None:
    said = claims()
    del said[name]
    token = sign_changes(canonicalize(said), issued_at=NOW, signer=receipt_signer())
    assert isinstance(refuse(token), MalformedError)
    token = sign_changes(canonicalize(claims() | {name: None}), issued_at=NOW, signer=receipt_signer())
    assert isinstance(refuse(token), MalformedError)


def test_no_byte_of_a_page_can_change() -> None:
    token = page()
    for place in range(0, len(token), 7):
        letter = "A" if token[place] != "A" else "B"
        refuse(token[:place] + letter + token[place + 1 :])
        refuse(token[:place])


def test_a_page_is_no_receipt_and_a_receipt_no_page() -> None:
    with pytest.raises(SignatureError):
        verify_receipt(page(), trust=trust(), at=NOW, expected_audience=ORG)
    assert isinstance(refuse(receipt_signer().sign(receipt())), SignatureError)
    signer = receipt_signer()
    assert RECEIPT != CHANGES
    token = jws.sign(claims(), typ=RECEIPT, key=signer.private, header={"cert": signer.certificate})
    assert isinstance(refuse(token), SignatureError)
