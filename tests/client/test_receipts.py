"""Receipts: inline or deferred, verified against the trust file and held against the answer."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.client.errors import ConfigurationError, Unavailable, UnreliableAnswer
from consent.client.signed_receipt import SignedReceipt
from signing.errors import SigningError, UntrustedError
from tests.client.recorded_registry import NOW, RecordedRegistry, json_response, problem

ASK: dict[str, Any] = {"performer": "prf_test_allow", "use": "train.voice", "territory": "DE"}


def token_of(fake: RecordedRegistry) -> str:
    """A genuine receipt of this registry, but of another question."""
    fake.registry().check(performer="prf_test_other", use="train.voice")
    return next(iter(fake.receipts.values()))


def test_an_inline_receipt_is_verified_saved_and_verifies_again_from_the_file(tmp_path: Path) -> None:
    fake = RecordedRegistry()
    decision = fake.registry().check(receipt="inline", **ASK)
    path = decision.receipt().save(tmp_path / "voice.receipt")
    receipt = SignedReceipt(token=path.read_text().strip()).verify(trust=fake.trust, at=NOW, allow_test=True)
    assert receipt.item.decision_id == decision.decision_id
    assert len(fake.requests) == 1


def test_a_deferred_receipt_is_fetched_when_it_is_wanted_and_waited_for_a_little() -> None:
    fake = RecordedRegistry()
    decision = fake.registry().check(**ASK)
    fake.steps = [problem(404, "not_found"), problem(404, "not_found")]
    receipt = decision.receipt().verify(at=NOW, allow_test=True)
    assert receipt.item.allowed
    assert fake.slept_s == [0.1, 0.2]


def test_a_deferred_receipt_that_never_comes_is_unavailable() -> None:
    fake = RecordedRegistry()
    decision = fake.registry().check(**ASK)
    fake.steps = [problem(404, "not_found")] * 20
    with pytest.raises(Unavailable, match="not there yet"):
        decision.receipt()
    assert len(fake.requests) == 7


@pytest.mark.parametrize("answer", [{}, {"receipt": None}, {"receipt": 7}, {"receipt": "one.two"}])
def test_a_receipt_answer_without_a_receipt_is_unreliable(answer: dict[str, object]) -> None:
    fake = RecordedRegistry()
    decision = fake.registry().check(**ASK)
    fake.steps = [json_response(answer)]
    with pytest.raises(UnreliableAnswer, match="expected a receipt"):
        decision.receipt()


def test_a_strange_decision_id_is_never_put_into_an_address() -> None:
    fake = RecordedRegistry(steps=[lambda answer: answer.__setitem__("decision_id", "dec_../../keys")])
    decision = fake.registry().check(**ASK)
    with pytest.raises(UnreliableAnswer, match="expected a decision id"):
        decision.receipt()


def test_an_inline_receipt_that_is_absent_spoils_the_answer() -> None:
    fake = RecordedRegistry(steps=[lambda answer: answer.__setitem__("receipt", None)])
    with pytest.raises(UnreliableAnswer, match="got none"):
        fake.registry().check(receipt="inline", **ASK)


def test_a_genuine_receipt_of_another_question_spoils_the_answer() -> None:
    fake = RecordedRegistry()
    other = token_of(fake)
    fake.steps = [lambda answer: answer.__setitem__("receipt", other)]
    with pytest.raises(UnreliableAnswer, match="of another answer: its nonce"):
        fake.registry().check(receipt="inline", **ASK)


@pytest.mark.parametrize(
    ("member", "value", "what"),
    [
        ("decision_id", "dec_" + "a" * 26, "decision_id"),
        ("obligations", [], "obligations"),
        ("grants", ["grt_test_two"], "grants"),
        ("position", "ct_other", "position"),
        ("record_sha256", "1" * 64, "record_sha256"),
    ],
)
def test_an_answer_that_differs_from_its_signed_receipt_is_no_answer(
    member: str, value: object, what: str
) -> None:
    fake = RecordedRegistry(steps=[lambda answer: answer.__setitem__(member, value)])
    with pytest.raises(UnreliableAnswer, match=f"its {what} is"):
        fake.registry().check(receipt="inline", **ASK)


def test_a_standing_context_that_was_not_signed_is_no_answer() -> None:
    fake = RecordedRegistry(steps=[lambda answer: answer["asked"].__setitem__("language", "fr")])
    with pytest.raises(UnreliableAnswer, match="its question is"):
        fake.registry().check(receipt="inline", **ASK)


def test_a_forged_allow_over_a_signed_deny_is_no_answer() -> None:
    def forge(answer: dict[str, Any]) -> None:
        answer.update(decision="allow", reasons=[], missing=[], grants=["grt_test_one"])

    fake = RecordedRegistry(verdicts={"prf_test_allow": ["no_active_consent"]}, steps=[forge])
    with pytest.raises(UnreliableAnswer, match="its decision is 'deny', expected 'allow'"):
        fake.registry().check(receipt="inline", **ASK)


def test_one_altered_byte_of_a_receipt_spoils_the_answer() -> None:
    def alter(answer: dict[str, Any]) -> None:
        token = answer["receipt"]
        place = token.index(".") + 20
        answer["receipt"] = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]

    with pytest.raises(UnreliableAnswer, match="does not verify"):
        RecordedRegistry(steps=[alter]).registry().check(receipt="inline", **ASK)


def test_a_receipt_by_keys_that_nobody_published_spoils_the_answer() -> None:
    fake, stranger = RecordedRegistry(), RecordedRegistry()
    with pytest.raises(UnreliableAnswer, match="does not verify"):
        fake.registry(trust=stranger.trust).check(receipt="inline", **ASK)


def test_a_test_side_receipt_under_a_live_answer_is_refused() -> None:
    fake = RecordedRegistry(livemode=True, signs_as=False)
    with pytest.raises(UnreliableAnswer, match="test side"):
        fake.registry(key="crk_live_abcdefghijklmnop").check(receipt="inline", **ASK)


def test_a_test_receipt_verifies_only_when_the_verifier_says_allow_test() -> None:
    fake = RecordedRegistry()
    receipt = fake.registry().check(receipt="inline", **ASK).receipt()
    with pytest.raises(UntrustedError, match="allow_test"):
        receipt.verify(at=NOW)
    assert not receipt.verify(at=NOW, allow_test=True).livemode


def test_a_receipt_verifies_years_later_and_is_then_no_permit() -> None:
    fake = RecordedRegistry()
    later = NOW + timedelta(days=2000)
    receipt = fake.registry().check(receipt="inline", **ASK).receipt().verify(at=later, allow_test=True)
    assert not receipt.fresh(later)


def test_without_trust_a_receipt_can_be_saved_but_says_how_to_verify_it(tmp_path: Path) -> None:
    fake = RecordedRegistry()
    receipt = fake.registry(trust=False).check(receipt="inline", **ASK).receipt()
    assert receipt.save(tmp_path / "r").exists()
    with pytest.raises(ConfigurationError, match="consent trust fetch"):
        receipt.verify(allow_test=True)


def test_what_is_no_receipt_raises_a_signing_error_and_nothing_foreign() -> None:
    fake = RecordedRegistry()
    for token in ("", ".", "..", "a.b.c", "e30.e30.e30", json.dumps({}), "\N{SNOWMAN}.a.b"):
        with pytest.raises(SigningError):
            SignedReceipt(token=token).verify(trust=fake.trust, at=NOW, allow_test=True)
