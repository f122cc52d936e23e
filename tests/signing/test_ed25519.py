"""One answer on every edge of Ed25519, whichever way a signature comes in (SPEC §2.2)."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signing import ed25519
from signing.canonical import canonicalize
from signing.cose import format_cose_key
from signing.encoding import b64u
from signing.errors import MalformedError, SigningError
from signing.jws import ParsedJws, check_signature
from signing.keys import PrivateKey, PublicKey

VECTORS = Path(__file__).parents[1] / "vectors" / "ed25519"
WYCHEPROOF = [json.loads(line) for line in (VECTORS / "wycheproof.jsonl").read_text().splitlines()]
SPECCHECK = json.loads((VECTORS / "speccheck-cases.json").read_text())
CCTV = [
    json.loads(line) for line in gzip.decompress((VECTORS / "cctv-edge.jsonl.gz").read_bytes()).splitlines()
]
REFERENCE = [
    json.loads(line) for line in (VECTORS / "reference-sign-input-sample.jsonl").read_text().splitlines()
]
# CCTV's flags that our policy refuses; a low-order *component* alone is no fault as long as the equation holds
# without cofactor, which "low_order_residue" says it does not.
REFUSED_FLAGS = {
    "low_order_A",
    "low_order_R",
    "non_canonical_A",
    "non_canonical_R",
    "low_order_residue",
}
# speccheck's README table, row "verify_strict" of ed25519-dalek: cases 0 to 11, of which only 3 holds.
SPECCHECK_ACCEPTED = {3}


def _by_raw_key(key: bytes, signature: bytes, message: bytes) -> None:
    ed25519.check_key(key)
    ed25519.verify(key, signature, message)


def _by_value(key: bytes, signature: bytes, message: bytes) -> None:
    PublicKey("EdDSA", (key,)).verify(signature, message)


def _by_jwk(key: bytes, signature: bytes, message: bytes) -> None:
    PublicKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64u(key)}).verify_jose(signature, message)


def _by_cose(key: bytes, signature: bytes, message: bytes) -> None:
    PublicKey.from_cose(format_cose_key("EdDSA", (key,))).verify(signature, message)


def _by_jws(key: bytes, signature: bytes, message: bytes) -> None:
    parsed = ParsedJws(
        header={"alg": "Ed25519"}, payload_bytes=b"", signing_input=message, signature=signature
    )
    check_signature(parsed, key=PublicKey("EdDSA", (key,)))


PATHS: list[Callable[[bytes, bytes, bytes], None]] = [_by_raw_key, _by_value, _by_jwk, _by_cose, _by_jws]


def verdicts(key: bytes, signature: bytes, message: bytes) -> set[bool]:
    """What the code paths say; one element if they agree."""
    said = set()
    for path in PATHS:
        try:
            path(key, signature, message)
            said.add(True)
        except SigningError:
            said.add(False)
    return said


@pytest.mark.parametrize("case", WYCHEPROOF, ids=lambda case: f"tc{case['tcId']}")
def test_wycheproof_is_agreed_with_on_every_path(case: dict[str, Any]) -> None:
    key, signature, message = (bytes.fromhex(case[name]) for name in ("pk", "sig", "msg"))
    assert verdicts(key, signature, message) == {case["result"] == "valid"}


@pytest.mark.parametrize("number", range(len(SPECCHECK)))
def test_speccheck_cases_are_decided_strictly_on_every_path(number: int) -> None:
    case = SPECCHECK[number]
    key, signature, message = (bytes.fromhex(case[name]) for name in ("pub_key", "signature", "message"))
    assert verdicts(key, signature, message) == {number in SPECCHECK_ACCEPTED}


def test_cctv_edge_points_are_decided_by_their_flags_on_every_path() -> None:
    for case in CCTV:
        key, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        wanted = not REFUSED_FLAGS.intersection(case["flags"] or [])
        assert verdicts(key, signature, case["msg"].encode()) == {wanted}, case["number"]


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["pk"][:8])
def test_reference_signatures_are_made_byte_for_byte(case: dict[str, str]) -> None:
    key = PrivateKey.from_seed(bytes.fromhex(case["seed"]))
    assert key.public.parts[0].hex() == case["pk"]
    assert key.sign(bytes.fromhex(case["msg"])).hex() == case["sig"]
    assert verdicts(key.public.parts[0], bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])) == {True}


def test_the_small_order_points_are_all_that_there_are() -> None:
    # Doubling three times from each y must reach the neutral element; affine twisted Edwards doubling with a = −1.
    p, d = ed25519._P, ed25519._D
    for y in ed25519._SMALL_ORDER_YS:
        xx = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        yy = y
        for _ in range(3):
            top = (yy * yy + xx) % p
            bottom = (2 + xx - yy * yy) % p
            xx = 4 * xx * yy * yy * pow((yy * yy - xx) % p, -2, p) % p
            yy = top * pow(bottom, -1, p) % p
        assert (xx, yy) == (0, 1)
    # d·y⁴ + 2·y² − 1 has no other roots: y² has two candidates, and one is no square.
    root = pow(1 + d, (p + 3) // 8, p)
    if root * root % p != (1 + d) % p:
        root = root * pow(2, (p - 1) // 4, p) % p
    squares = [(sign * root - 1) * pow(d, -1, p) % p for sign in (1, -1)]
    assert [pow(square, (p - 1) // 2, p) for square in squares].count(1) == 1


@pytest.mark.parametrize("y", [0, 1, ed25519._P - 1, ed25519._P, ed25519._P + 1, 2**255 - 1, 2])
@pytest.mark.parametrize("sign", [0, 1])
def test_what_is_no_key_is_never_a_key(y: int, sign: int) -> None:
    encoded = (y | sign << 255).to_bytes(32, "little")
    with pytest.raises(
        MalformedError
    ):  # y = 2 is on no point of the curve, the others are small or not canonical
        PublicKey("EdDSA", (encoded,))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(MalformedError):
        PublicKey("EdDSA", (bytes(length),))


def test_a_signature_with_its_order_added_is_refused() -> None:
    key = PrivateKey.from_seed(bytes(32))
    signature = key.sign(canonicalize({}))
    grown = int.from_bytes(signature[32:], "little") + ed25519._L
    key.public.verify(signature, b"{}")
    with pytest.raises(SigningError, match="malleable"):
        key.public.verify(signature[:32] + grown.to_bytes(32, "little"), b"{}")
