"""Compact JWS, held against the RFCs' examples and Wycheproof."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from signing.errors import MalformedError, SigningError
from signing.jws import check_signature, parse_compact
from signing.keys import PublicKey

VECTORS = Path(__file__).parents[1] / "vectors" / "jws"
EXAMPLES = json.loads((VECTORS / "rfc-examples.json").read_text())
DISPUTED = json.loads((VECTORS / "wycheproof-disputed.json").read_text())
WYCHEPROOF = [
    json.loads(line)
    for line in gzip.decompress((VECTORS / "wycheproof-jws.jsonl.gz").read_bytes()).splitlines()
]
OURS = ("EdDSA", "Ed25519", "ES256", "RS256")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["source"])
def test_the_rfcs_examples_verify(example: dict[str, Any]) -> None:
    key = PublicKey.from_jwk(example["jwk"])
    parsed = parse_compact(example["token"])
    check_signature(parsed, key=key, algs=OURS)
    if "payload" in example:
        assert parsed.payload_bytes == example["payload"].encode()
    if "jwk_thumbprint_rfc8037_a3" in example:
        assert key.thumbprint == example["jwk_thumbprint_rfc8037_a3"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["source"])
def test_one_changed_letter_anywhere_is_refused(example: dict[str, Any]) -> None:
    key, token = PublicKey.from_jwk(example["jwk"]), example["token"]
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(SigningError):
            check_signature(parse_compact(changed), key=key, algs=OURS)


def _verdict(case: dict[str, Any]) -> bool:
    jwk = case["public"] or case["private"]
    try:
        key = PublicKey.from_jwk(jwk)
        check_signature(parse_compact(case["jws"]), key=key, algs=OURS)
    except SigningError:
        return False
    return True


@pytest.mark.parametrize(
    "case",
    [case for case in WYCHEPROOF if str(case["tcId"]) not in DISPUTED],
    ids=lambda case: f"tc{case['tcId']}-{case['comment']}",
)
def test_wycheproof_is_agreed_with(case: dict[str, Any]) -> None:
    jwk = case["public"] or case["private"]
    # Symmetric keys, PS256 and the larger hashes are not ours: whatever they sign is refused.
    ours = jwk.get("alg") in OURS
    assert _verdict(case) == (case["result"] == "valid" and ours)


@pytest.mark.parametrize(
    "case",
    [case for case in WYCHEPROOF if str(case["tcId"]) in DISPUTED],
    ids=lambda case: f"tc{case['tcId']}",
)
def test_disputed_cases_raise_nothing_foreign(case: dict[str, Any]) -> None:
    verdict = _verdict(case)
    if "refuse it" in DISPUTED[str(case["tcId"])] or "alg member differs" in DISPUTED[str(case["tcId"])]:
        assert not verdict


@pytest.mark.parametrize(
    "case", [case for case in WYCHEPROOF if case["private"]], ids=lambda c: f"tc{c['tcId']}"
)
def test_a_private_key_is_never_read_as_a_public_one(case: dict[str, Any]) -> None:
    if "d" in case["private"] or "k" in case["private"]:
        with pytest.raises(MalformedError):
            PublicKey.from_jwk(case["private"])
