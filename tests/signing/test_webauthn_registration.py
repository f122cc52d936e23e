"""A new passkey is kept only if its registration holds (WebAuthn L3 §7.1)."""

import pytest

from signing import cbor
from signing.attestation import parse_attestation_object, verify_registration
from signing.errors import MalformedError, SignatureError, SigningError
from signing.webauthn import RelyingParty
from tests.signing.software_authenticator import (
    AT,
    ORIGIN,
    RP_ID,
    UP,
    UV,
    SoftwareAuthenticator,
    make_private,
)

RP = RelyingParty(rp_id=RP_ID, signing_origins=frozenset({ORIGIN}))
CHALLENGE = bytes(range(32))


def _verify(parts: dict[str, bytes]):
    return verify_registration(**parts, expected_challenge=CHALLENGE, expected_rp=RP)


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256"])
@pytest.mark.parametrize(("fmt", "judged"), [("none", "none"), ("packed", "self")])
def test_a_passkey_of_each_algorithm_can_be_registered(alg: str, fmt: str, judged: str) -> None:
    device = SoftwareAuthenticator(private=make_private(alg))
    kept = _verify(device.register(CHALLENGE, fmt=fmt))
    assert (kept.public_key, kept.credential_id) == (device.public_key, device.credential_id)
    assert kept.attestation == judged


@pytest.mark.parametrize(
    "bend",
    [
        {"flags": UP | AT},
        {"flags": UV | AT},
        {"origin": "https://registry.example"},
        {"kind": "webauthn.get"},
        {"statement": {"x": 1}},
    ],
)
def test_a_registration_that_deviates_is_refused(bend: dict) -> None:
    with pytest.raises(SigningError):
        _verify(SoftwareAuthenticator().register(CHALLENGE, **bend))


def test_a_registration_without_a_credential_is_refused() -> None:
    with pytest.raises(MalformedError, match="no credential"):
        _verify(SoftwareAuthenticator().register(CHALLENGE, flags=UP | UV))


def test_a_self_attestation_by_another_key_is_refused() -> None:
    device, other = SoftwareAuthenticator(), SoftwareAuthenticator()
    forged = {"alg": -7, "sig": other.raw_signature(b"anything")}
    with pytest.raises(SignatureError):
        _verify(device.register(CHALLENGE, fmt="packed", statement=forged))


def test_a_self_attestation_that_names_another_algorithm_is_refused() -> None:
    with pytest.raises(SignatureError, match="another algorithm"):
        _verify(SoftwareAuthenticator().register(CHALLENGE, fmt="packed", statement={"alg": -8, "sig": b"x"}))


def test_other_formats_are_kept_and_count_for_nothing() -> None:
    parts = SoftwareAuthenticator().register(CHALLENGE, fmt="tpm", statement={"ver": "2.0"})
    assert _verify(parts).attestation == "unchecked"


@pytest.mark.parametrize(
    "data", [b"", b"\xa0", b"\x01", b"\xff" * 40, cbor.encode({"fmt": "none"}), b"\xbf\xff"]
)
def test_other_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_attestation_object(data)
