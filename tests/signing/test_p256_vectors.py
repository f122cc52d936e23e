"""ECDSA on P-256, in DER as passkeys make it and as r ‖ s as JWS has it, held against Wycheproof."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from signing.errors import SigningError
from signing.keys import PublicKey

VECTORS = Path(__file__).parents[1] / "vectors" / "p256"


def _cases(form: str) -> list[dict[str, Any]]:
    data = (VECTORS / f"wycheproof-ecdsa-p256-sha256-{form}.jsonl.gz").read_bytes()
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def _key(case: dict[str, Any]) -> PublicKey:
    point = bytes.fromhex(case["pk"])
    return PublicKey("ES256", (point[1:33], point[33:]))


@pytest.mark.parametrize("case", _cases("der"), ids=lambda case: f"tc{case['tcId']}")
def test_der_signatures_are_judged_as_wycheproof_does(case: dict[str, Any]) -> None:
    signature, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
    if case["result"] == "valid":
        _key(case).verify(signature, message)
    else:
        with pytest.raises(SigningError):
            _key(case).verify(signature, message)


@pytest.mark.parametrize("case", _cases("p1363"), ids=lambda case: f"tc{case['tcId']}")
def test_raw_signatures_are_judged_as_wycheproof_does(case: dict[str, Any]) -> None:
    signature, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
    if case["result"] == "valid":
        _key(case).verify_jose(signature, message)
    else:
        with pytest.raises(SigningError):
            _key(case).verify_jose(signature, message)


def test_neither_form_passes_for_the_other() -> None:
    der = next(case for case in _cases("der") if case["result"] == "valid")
    raw = next(case for case in _cases("p1363") if case["result"] == "valid")
    with pytest.raises(SigningError):
        _key(der).verify_jose(bytes.fromhex(der["sig"]), bytes.fromhex(der["msg"]))
    with pytest.raises(SigningError):
        _key(raw).verify(bytes.fromhex(raw["sig"]), bytes.fromhex(raw["msg"]))


def test_a_raw_signature_with_a_longer_number_is_refused() -> None:
    case = next(case for case in _cases("p1363") if case["result"] == "valid")
    signature, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
    for longer in (signature[:32] + b"\x00" + signature[32:], b"\x00" + signature, signature + b"\x00"):
        with pytest.raises(SigningError):
            _key(case).verify_jose(longer, message)
