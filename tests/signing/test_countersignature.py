"""A countersignature is the registry's word about one grant of one side, by a key that spoke then."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signing.countersignature import Countersignature, sign_countersignature, verify_countersignature
from signing.errors import MalformedError, UntrustedError
from tests.signing.samples import END, NOW, START, an_id, signer, trust

DIGEST = "0a" * 32
SAID = Countersignature(
    grant=an_id("grt"),
    grant_sha256=DIGEST,
    seq=4,
    recorded_at=NOW,
    status_uri="https://registry.example/status/1",
    status_idx=2**20 - 1,
    livemode=True,
)


def verify(token: str, **changes: Any) -> Countersignature:
    """Verify as the live grant's."""
    expected = {"expected_grant": SAID.grant, "expected_grant_sha256": DIGEST, "expected_livemode": True}
    return verify_countersignature(token, trust=trust(), **(expected | changes))


def test_a_countersignature_says_what_was_signed() -> None:
    assert verify(sign_countersignature(SAID, signer=signer("registry"))) == SAID


@pytest.mark.parametrize(
    "change",
    [
        {"expected_grant": an_id("grt", "b")},
        {"expected_grant_sha256": "0b" * 32},
        {"expected_livemode": False},
    ],
    ids=repr,
)
def test_a_countersignature_of_something_else_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UntrustedError):
        verify(sign_countersignature(SAID, signer=signer("registry")), **change)


@pytest.mark.parametrize("recorded_at", [START - timedelta(seconds=1), END])
def test_a_key_countersigns_in_its_window_only(recorded_at: Any) -> None:
    with pytest.raises(UntrustedError):
        verify(sign_countersignature(replace(SAID, recorded_at=recorded_at), signer=signer("registry")))


def test_a_key_of_one_side_countersigns_for_that_side_only() -> None:
    live, test = signer("registry"), signer("registry", livemode=False)
    for by, claimed in ((live, False), (test, True), (live, True), (test, False)):
        token = sign_countersignature(replace(SAID, livemode=claimed), signer=by)
        for expected in (True, False):
            if (by, claimed, expected) in ((live, True, True), (test, False, False)):
                verify(token, expected_livemode=expected)
            else:
                with pytest.raises(UntrustedError):
                    verify(token, expected_livemode=expected)


@pytest.mark.parametrize(
    "change",
    [{"seq": -1}, {"status_idx": 2**20}, {"status_idx": -1}, {"status_uri": ""}, {"grant": "x"}],
    ids=repr,
)
def test_a_countersignature_that_breaks_a_rule_is_not_signed(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        sign_countersignature(replace(SAID, **change), signer=signer("registry"))
