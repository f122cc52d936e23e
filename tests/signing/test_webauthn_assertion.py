"""An assertion counts as a signature only if every check of WebAuthn L3 §7.2 that applies holds."""

import hashlib
import json

import pytest

from signing.authenticator_data import format_authenticator_data, parse_authenticator_data
from signing.encoding import b64u
from signing.errors import MalformedError, SignatureError, SigningError
from signing.webauthn import RelyingParty, signing_challenge, verify_assertion
from tests.signing.software_authenticator import (
    AT,
    BE,
    BS,
    ED,
    ORIGIN,
    RP_ID,
    UP,
    UV,
    SoftwareAuthenticator,
    make_private,
)

RP = RelyingParty(rp_id=RP_ID, signing_origins=frozenset({ORIGIN}))
NONCE = bytes(range(32))
BODY = {"schema": "consent-registry/grant/v1", "id": "grt_x"}
TEXT = b"What you agree to.\n"
CHALLENGE = signing_challenge(nonce=NONCE, body=BODY, text=TEXT)


def _verify(device: SoftwareAuthenticator, parts: dict[str, bytes], **changes: object):
    arguments = {
        "public_key": device.public_key,
        "expected_challenge": CHALLENGE,
        "expected_rp": RP,
        "expected_backup_eligible": False,
    }
    return verify_assertion(**parts, **(arguments | changes))


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256"])
def test_an_assertion_over_the_document_verifies_with_each_algorithm(alg: str) -> None:
    device = SoftwareAuthenticator(private=make_private(alg), sign_count=7)
    verified = _verify(device, device.sign(CHALLENGE))
    assert (verified.sign_count, verified.backup_eligible, verified.origin) == (7, False, ORIGIN)


def test_the_challenge_is_the_one_of_the_design_byte_for_byte() -> None:
    body_digest = hashlib.sha256(b'{"id":"grt_x","schema":"consent-registry/grant/v1"}').digest()
    message = b"consent-registry/webauthn-sign/v1\x00" + NONCE + body_digest + hashlib.sha256(TEXT).digest()
    assert hashlib.sha256(message).digest() == CHALLENGE


@pytest.mark.parametrize(
    "other",
    [
        signing_challenge(nonce=bytes(32), body=BODY, text=TEXT),
        signing_challenge(nonce=NONCE, body=BODY | {"id": "grt_y"}, text=TEXT),
        signing_challenge(nonce=NONCE, body=BODY, text=TEXT + b" "),
        hashlib.sha256(b"a sign-in").digest(),
    ],
    ids=["another nonce", "another body", "another text", "a sign-in"],
)
def test_an_assertion_for_anything_else_is_refused(other: bytes) -> None:
    device = SoftwareAuthenticator()
    with pytest.raises(SignatureError, match="another challenge"):
        _verify(device, device.sign(other))


@pytest.mark.parametrize(
    ("bend", "says"),
    [
        ({"kind": "webauthn.create"}, "webauthn.create"),
        ({"kind": "payment.get"}, "payment.get"),
        ({"origin": "https://registry.example"}, "not a signing origin"),
        ({"origin": "https://sign.registry.example:8443"}, "not a signing origin"),
        ({"origin": "https://sign.registry.example.evil.example"}, "not a signing origin"),
        ({"members": {"crossOrigin": True}}, "another origin"),
        ({"members": {"topOrigin": ORIGIN}}, "topOrigin"),
        ({"flags": UV}, "UP"),
        ({"flags": UP}, "UV"),
        ({"flags": UP | UV | BS}, "BS without BE"),
        ({"flags": UP | UV | BE}, "backup eligibility"),
    ],
)
def test_each_deviation_is_refused_by_name(bend: dict, says: str) -> None:
    device = SoftwareAuthenticator()
    with pytest.raises(SignatureError, match=says):
        _verify(device, device.sign(CHALLENGE, **bend))


def test_an_assertion_for_another_rp_id_is_refused() -> None:
    device = SoftwareAuthenticator(rp_id="evil.example")
    with pytest.raises(SignatureError, match="RP id"):
        _verify(device, device.sign(CHALLENGE))


def test_another_persons_key_does_not_verify() -> None:
    device, other = SoftwareAuthenticator(), SoftwareAuthenticator()
    with pytest.raises(SignatureError):
        _verify(device, device.sign(CHALLENGE), public_key=other.public_key)


@pytest.mark.parametrize("part", ["client_data_json", "authenticator_data", "signature"])
def test_one_changed_byte_anywhere_is_refused(part: str) -> None:
    device = SoftwareAuthenticator()
    parts = device.sign(CHALLENGE)
    for index in range(len(parts[part])):
        changed = bytearray(parts[part])
        changed[index] ^= 0x01
        with pytest.raises(SigningError):
            _verify(device, parts | {part: bytes(changed)})


def test_registration_data_cannot_stand_in_an_assertion() -> None:
    device = SoftwareAuthenticator()
    attested = bytes(16) + b"\x00\x01x" + device.public_key.to_cose()
    with pytest.raises(SignatureError, match="registration"):
        _verify(device, device.sign(CHALLENGE, flags=UP | UV | AT, tail=attested))


@pytest.mark.parametrize("tail", [b"", b"\xa0\x00", b"\x80", b"\xa1"])
def test_extension_data_must_be_exactly_one_map(tail: bytes) -> None:
    device = SoftwareAuthenticator()
    with pytest.raises(MalformedError):
        _verify(device, device.sign(CHALLENGE, flags=UP | UV | ED, tail=tail))


def test_unknown_members_and_extensions_are_allowed_and_round_trip() -> None:
    device = SoftwareAuthenticator()
    parts = device.sign(
        CHALLENGE,
        flags=UP | UV | ED,
        tail=b"\xa1\x61x\xf5",
        members={"future": {"n": 1.5}, "tokenBinding": {}},
    )
    assert _verify(device, parts).sign_count == 0
    data = parts["authenticator_data"]
    assert format_authenticator_data(parse_authenticator_data(data)) == data


@pytest.mark.parametrize(
    "client",
    [
        b"",
        b"[]",
        b"\xef\xbb\xbf{}",
        b'{"type":"webauthn.get","type":"webauthn.get"}',
        json.dumps({"type": "webauthn.get", "challenge": b64u(CHALLENGE) + "=", "origin": ORIGIN}).encode(),
        json.dumps({"type": "webauthn.get", "challenge": 1, "origin": ORIGIN}).encode(),
        json.dumps({"type": "webauthn.get", "challenge": b64u(CHALLENGE), "origin": None}).encode(),
    ],
)
def test_client_data_that_browsers_never_print_is_malformed(client: bytes) -> None:
    device = SoftwareAuthenticator()
    data = device.authenticator_data(UP | UV)
    parts = {
        "client_data_json": client,
        "authenticator_data": data,
        "signature": device.raw_signature(data + hashlib.sha256(client).digest()),
    }
    with pytest.raises(MalformedError):
        _verify(device, parts)


def test_a_relying_party_without_origin_cannot_exist() -> None:
    with pytest.raises(ValueError, match="unset would mean any"):
        RelyingParty(rp_id=RP_ID, signing_origins=frozenset())
