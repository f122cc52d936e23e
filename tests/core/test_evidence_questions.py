"""A question about the past is one of a check: the same words, without whom it is about and how it is answered."""

import msgspec

from consent.core.wire.check import CheckFields
from consent.core.wire.evidence import EvidenceQuestion

WHOM = {"performer", "performers", "external_id", "persona", "model", "grant", "on_behalf_of"}
HOW = {"at_least", "receipt", "nonce", "explain"}


def test_whatever_a_check_may_say_of_a_use_evidence_may_ask_too() -> None:
    asked = {each.name for each in msgspec.structs.fields(EvidenceQuestion)}
    assert asked == {each.name for each in msgspec.structs.fields(CheckFields)} - WHOM - HOW
