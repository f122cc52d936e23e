"""An acknowledgement binds the registry to one ending and to the instant from which it bites."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signing.acknowledgement import Acknowledgement, sign_acknowledgement, verify_acknowledgement
from signing.errors import MalformedError, SigningError, UntrustedError
from tests.signing.samples import ISSUERS, NOW, START, an_id, receipt, receipt_signer, signer, trust

DIGEST = "0a" * 32
SAID = Acknowledgement(
    issuer=ISSUERS[True],
    livemode=True,
    statement=an_id("stm"),
    grant=an_id("grt"),
    body_sha256=DIGEST,
    committed="ct_abc",
    enforced_at=NOW + timedelta(milliseconds=482),
)


def verify(token: str, **changes: Any) -> Acknowledgement:
    """Verify on the live side."""
    return verify_acknowledgement(token, **({"trust": trust(), "expected_body_sha256": DIGEST} | changes))


def test_an_acknowledgement_says_what_was_signed() -> None:
    assert verify(sign_acknowledgement(SAID, signer=signer("registry"))) == SAID


def test_an_acknowledgement_of_another_statement_is_refused() -> None:
    token = sign_acknowledgement(SAID, signer=signer("registry"))
    with pytest.raises(UntrustedError):
        verify(token, expected_body_sha256="0b" * 32)


def test_only_a_registry_key_acknowledges() -> None:
    with pytest.raises(UntrustedError):
        sign_acknowledgement(SAID, signer=signer("receipt"))
    for by in (signer("registry", seed=101), signer("registry", seed=77), signer("registry", livemode=False)):
        with pytest.raises(UntrustedError):
            verify(sign_acknowledgement(SAID, signer=by), allow_test=True)


def test_a_test_acknowledgement_counts_only_where_it_is_said() -> None:
    said = replace(SAID, livemode=False, issuer=ISSUERS[False])
    token = sign_acknowledgement(said, signer=signer("registry", livemode=False))
    assert verify(token, allow_test=True) == said
    with pytest.raises(UntrustedError):
        verify(token)


def test_an_acknowledgement_of_another_issuer_or_time_is_refused() -> None:
    for change in ({"issuer": "https://other.example"}, {"enforced_at": START - timedelta(seconds=1)}):
        with pytest.raises(UntrustedError):
            verify(sign_acknowledgement(replace(SAID, **change), signer=signer("registry")))  # type: ignore[arg-type]


@pytest.mark.parametrize("authority", ["link", "operator", "session"])
def test_an_ending_that_nobody_signed_says_on_whose_word_it_was_recorded(authority: str) -> None:
    said = replace(SAID, statement=None, authority=authority)
    assert verify(sign_acknowledgement(said, signer=signer("registry"))) == said


@pytest.mark.parametrize(
    "change",
    [
        {"statement": None},
        {"authority": "session"},
        {"statement": None, "authority": "passkey"},
        {"statement": None, "authority": ""},
        {"statement": "x"},
        {"grant": "x"},
        {"body_sha256": "x"},
        {"committed": ""},
        {"issuer": ""},
    ],
    ids=repr,
)
def test_an_acknowledgement_that_breaks_a_rule_is_not_signed(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        sign_acknowledgement(replace(SAID, **change), signer=signer("registry"))


def test_a_receipt_is_no_acknowledgement() -> None:
    with pytest.raises(SigningError):
        verify(receipt_signer().sign(receipt()))
