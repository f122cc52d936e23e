"""Held against the vectors of WebAuthn L3 §16 and assertions by real authenticators."""

import json
from pathlib import Path
from typing import Any

import pytest

from signing.attestation import parse_attestation_object, verify_registration
from signing.authenticator_data import parse_authenticator_data
from signing.encoding import unb64u
from signing.errors import MalformedError, SigningError
from signing.keys import PublicKey
from signing.webauthn import RelyingParty, verify_assertion

VECTORS = Path(__file__).parents[1] / "vectors" / "webauthn"
W3C = json.loads((VECTORS / "w3c-level3-vectors.json").read_text())
REAL = json.loads((VECTORS / "py_webauthn-assertions.json").read_text())
W3C_RP = RelyingParty(rp_id=W3C["rp_id"], signing_origins=frozenset({W3C["origin"]}))
UV = 0x04

# Why a case that is valid by the letter is not a signature for us: DESIGN §4 refuses embedded pages, and the
# algorithms are ES256, EdDSA and RS256.
REFUSED = {
    "sctn-test-vectors-none-es256-crossOrigin": "embedded",
    "sctn-test-vectors-none-es256-topOrigin": "embedded",
    "sctn-test-vectors-packed-es384": "algorithm",
    "sctn-test-vectors-packed-es512": "algorithm",
    "sctn-test-vectors-packed-es256k": "algorithm",
    "sctn-test-vectors-packed-ed448": "algorithm",
}


def _hex(part: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(part[name])


@pytest.mark.parametrize("case", W3C["cases"], ids=[case["id"] for case in W3C["cases"]])
def test_w3c_assertions_verify_unless_our_rules_refuse_them(case: dict[str, Any]) -> None:
    registered = parse_attestation_object(_hex(case["registration"], "attestationObject"))
    attested = registered.authenticator_data.attested
    assert attested is not None
    part = case["authentication"]
    verified_person = bool(parse_authenticator_data(_hex(part, "authenticatorData")).flags & UV)

    def verify() -> None:
        verify_assertion(
            client_data_json=_hex(part, "clientDataJSON"),
            authenticator_data=_hex(part, "authenticatorData"),
            signature=_hex(part, "signature"),
            public_key=PublicKey.from_cose(attested.public_key_cose),
            expected_challenge=_hex(part, "challenge"),
            expected_rp=W3C_RP,
            expected_backup_eligible=registered.authenticator_data.backup_eligible,
        )

    if case["id"] in REFUSED or not verified_person:
        with pytest.raises(SigningError):
            verify()
    else:
        verify()


@pytest.mark.parametrize("case", W3C["cases"], ids=[case["id"] for case in W3C["cases"]])
def test_w3c_registrations_are_kept_unless_our_rules_refuse_them(case: dict[str, Any]) -> None:
    part = case["registration"]
    attestation = parse_attestation_object(_hex(part, "attestationObject"))
    attested = attestation.authenticator_data.attested
    assert attested is not None and attested.credential_id == _hex(part, "credential_id")

    def keep() -> PublicKey:
        return verify_registration(
            client_data_json=_hex(part, "clientDataJSON"),
            attestation_object=_hex(part, "attestationObject"),
            expected_challenge=_hex(part, "challenge"),
            expected_rp=W3C_RP,
        ).public_key

    if case["id"] in REFUSED or not attestation.authenticator_data.user_verified:
        with pytest.raises(SigningError):
            keep()
    else:
        assert keep().to_cose() == attested.public_key_cose


def test_most_w3c_cases_are_accepted() -> None:
    accepted = [case for case in W3C["cases"] if case["id"] not in REFUSED]
    assert len(accepted) > len(W3C["cases"]) / 2


@pytest.mark.parametrize("case", REAL, ids=[case["case"] for case in REAL])
def test_assertions_of_real_authenticators(case: dict[str, Any]) -> None:
    response = case["credential"]["response"]
    data = unb64u(response["authenticatorData"])
    origin = case["expected_origin"]
    expected = frozenset([origin] if isinstance(origin, str) else origin)

    def verify() -> None:
        verify_assertion(
            client_data_json=unb64u(response["clientDataJSON"]),
            authenticator_data=data,
            signature=unb64u(response["signature"]),
            public_key=PublicKey.from_cose(unb64u(case["credential_public_key"])),
            expected_challenge=unb64u(case["expected_challenge"]),
            expected_rp=RelyingParty(rp_id=case["expected_rp_id"], signing_origins=expected),
            expected_backup_eligible=None,
        )

    if case["expect"] == "valid" and data[32] & UV:
        verify()
    else:
        with pytest.raises(SigningError):
            verify()


def test_every_truncation_of_a_real_attestation_is_malformed() -> None:
    data = _hex(W3C["cases"][0]["registration"], "attestationObject")
    for end in range(len(data)):
        with pytest.raises(MalformedError):
            parse_attestation_object(data[:end])
