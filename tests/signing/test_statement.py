"""A statement counts only for the key, body, text, purpose, role and side that it was signed for."""

import copy
import json
from typing import Any

import pytest

from signing import jws
from signing.canonical import canonicalize
from signing.encoding import b64u, unb64u
from signing.envelope import Envelope, format_envelope, parse_envelope, read_envelope
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.keys import PrivateKey, PublicKey
from signing.purposes import RECEIPT, STATEMENT_KINDS, representative_typ, statement_schema
from signing.statement import VerifiedStatement, body_sha256, sign_statement_ed25519, verify_statement
from signing.webauthn import RelyingParty
from tests.signing.samples import (
    BODIES,
    PERFORMER,
    REPRESENTATIVE,
    RP,
    SECOND,
    STRANGER,
    TEXT,
    about_grant_body,
    credential_body,
    grant_body,
    signed,
    signed_by_passkey,
)
from tests.signing.software_authenticator import UP, SoftwareAuthenticator, make_private

DEVICE = SoftwareAuthenticator()


def verify(
    envelope: Envelope,
    *,
    key: PublicKey = PERFORMER.public,
    livemode: bool = True,
    rp: RelyingParty | None = None,
) -> VerifiedStatement:
    """Verify as the performer's, on the live side."""
    return verify_statement(envelope, expected_performer_key=key, expected_livemode=livemode, rp=rp)


def passkey_grant(device: SoftwareAuthenticator = DEVICE, **bent: Any) -> dict[str, Any]:
    """The JSON of a grant signed with a passkey over `TEXT`."""
    body = grant_body(credential=device.public_key.thumbprint)
    import hashlib

    body["template"]["text_sha256"] = hashlib.sha256(TEXT).hexdigest()
    return signed_by_passkey(body, device, **bent)


@pytest.mark.parametrize("kind", BODIES)
def test_each_kind_signed_by_the_performer_verifies(kind: str) -> None:
    body = BODIES[kind]()
    statement = verify(signed(body))
    assert (statement.kind, statement.body, statement.livemode) == (kind, body, True)
    assert statement.body_sha256 == body_sha256(body)
    assert statement.performer.method == "ed25519"
    assert statement.performer.credential == PERFORMER.public.thumbprint
    assert statement.performer.text_sha256 is None
    assert not statement.performer.user_verified


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256"])
def test_a_passkey_signs_body_and_text(alg: str) -> None:
    device = SoftwareAuthenticator(private=make_private(alg))
    value = passkey_grant(device)
    statement = verify(read_envelope(value), key=device.public_key, rp=RP)
    assert statement.performer.method == "webauthn"
    assert statement.performer.user_verified
    assert statement.performer.text_sha256 == value["body"]["template"]["text_sha256"]


@pytest.mark.parametrize("kind", BODIES)
def test_an_envelope_reads_back(kind: str) -> None:
    envelope = signed(BODIES[kind](), also=(REPRESENTATIVE,))
    assert parse_envelope(format_envelope(envelope)) == envelope
    assert format_envelope(parse_envelope(format_envelope(envelope))) == format_envelope(envelope)


def test_a_passkey_envelope_reads_back() -> None:
    envelope = read_envelope(passkey_grant())
    assert parse_envelope(format_envelope(envelope)) == envelope


def test_a_body_altered_by_one_byte_is_refused_everywhere() -> None:
    for value, key in (
        (json.loads(format_envelope(signed(grant_body()))), PERFORMER.public),
        (passkey_grant(), DEVICE.public_key),
    ):
        printed = canonicalize(value["body"])
        for place in range(0, len(printed), 7):
            changed = bytearray(printed)
            changed[place] ^= 0x01
            try:
                body = json.loads(changed)
                envelope = read_envelope({**value, "body": body})
            except (ValueError, SigningError):
                continue  # the change broke the structure: refused at the door
            with pytest.raises((SignatureError, UntrustedError)):
                verify(envelope, key=key, rp=RP, livemode=bool(body["livemode"]))


@pytest.mark.parametrize("kind", BODIES)
def test_a_signature_of_one_body_is_none_of_another(kind: str) -> None:
    entry = sign_statement_ed25519(BODIES[kind](), key=PERFORMER)
    for other in BODIES:
        body = BODIES[other]() if other != kind else BODIES[kind]() | {"nonce": b64u(bytes(32))}
        with pytest.raises(SignatureError):
            verify(read_envelope({"body": body, "signatures": [entry]}))


def test_a_passkey_assertion_replayed_under_another_body_is_refused() -> None:
    value = passkey_grant()
    value["body"]["valid_until"] = "2029-12-01T00:00:00Z"
    with pytest.raises(SignatureError, match="another challenge"):
        verify(read_envelope(value), key=DEVICE.public_key, rp=RP)


def test_a_swapped_text_is_refused() -> None:
    value = passkey_grant(text=b"Something else.\n")
    with pytest.raises(SignatureError, match="text"):
        verify(read_envelope(value), key=DEVICE.public_key, rp=RP)
    value["body"]["template"]["text_sha256"] = value["signatures"][0]["text_sha256"]
    with pytest.raises(SignatureError, match="challenge"):
        verify(read_envelope(value), key=DEVICE.public_key, rp=RP)


@pytest.mark.parametrize("member", ["nonce", "client_data_json", "authenticator_data", "signature"])
def test_any_altered_part_of_an_assertion_is_refused(member: str) -> None:
    value = passkey_grant()
    entry = value["signatures"][0]
    data = unb64u(entry[member])
    for place in range(0, len(data), 5):
        changed = copy.deepcopy(value)
        changed["signatures"][0][member] = b64u(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(SigningError):
            verify(read_envelope(changed), key=DEVICE.public_key, rp=RP)


@pytest.mark.parametrize(
    "bent",
    [
        {"kind": "webauthn.create"},
        {"origin": "https://registry.example"},
        {"flags": UP},
        {"members": {"crossOrigin": True}},
    ],
    ids=repr,
)
def test_a_sign_in_or_a_careless_assertion_is_no_signature(bent: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        verify(read_envelope(passkey_grant(**bent)), key=DEVICE.public_key, rp=RP)


def test_a_passkey_counts_only_for_a_named_relying_party() -> None:
    envelope = read_envelope(passkey_grant())
    with pytest.raises(UntrustedError):
        verify(envelope, key=DEVICE.public_key, rp=None)
    other = RelyingParty(rp_id="other.example", signing_origins=RP.signing_origins)
    with pytest.raises(SignatureError):
        verify(envelope, key=DEVICE.public_key, rp=other)


def test_another_persons_key_is_refused_even_with_a_good_signature() -> None:
    body = grant_body(credential=STRANGER.public.thumbprint)
    envelope = signed(body, by=STRANGER)
    verify(envelope, key=STRANGER.public)
    with pytest.raises(UntrustedError):
        verify(envelope)


def test_a_body_that_names_the_performer_and_is_signed_by_a_stranger_is_refused() -> None:
    with pytest.raises(UntrustedError):
        verify(signed(grant_body(), by=STRANGER))


def test_a_strangers_passkey_in_the_performers_name_is_refused() -> None:
    value = passkey_grant()
    stranger = SoftwareAuthenticator()
    forged = signed_by_passkey(value["body"], stranger)
    with pytest.raises(UntrustedError):
        verify(read_envelope(forged), key=DEVICE.public_key, rp=RP)
    forged["signatures"][0]["credential"] = DEVICE.public_key.thumbprint
    with pytest.raises(MalformedError):
        read_envelope(forged)


def test_a_test_statement_is_never_a_live_one_nor_the_reverse() -> None:
    for livemode in (True, False):
        envelope = signed(grant_body(livemode=livemode))
        verify(envelope, livemode=livemode)
        with pytest.raises(UntrustedError):
            verify(envelope, livemode=not livemode)


@pytest.mark.parametrize("kind", STATEMENT_KINDS)
def test_a_signature_for_another_purpose_is_refused(kind: str) -> None:
    body = grant_body()
    for typ in (statement_schema(kind), representative_typ(kind), RECEIPT):
        if typ == statement_schema("grant"):
            continue
        entry = {"role": "performer", "method": "ed25519", "jws": jws.sign(body, typ=typ, key=PERFORMER)}
        with pytest.raises(SignatureError):
            verify(read_envelope({"body": body, "signatures": [entry]}))


def test_a_representative_cosigns_and_never_stands_in() -> None:
    statement = verify(signed(grant_body(), also=(REPRESENTATIVE,)))
    assert [each.credential for each in statement.representatives] == [REPRESENTATIVE.public.thumbprint]
    alone = sign_statement_ed25519(grant_body(), key=REPRESENTATIVE, role="representative")
    with pytest.raises(MalformedError):
        read_envelope({"body": grant_body(), "signatures": [alone]})


def test_a_cosignature_that_does_not_hold_spoils_the_statement() -> None:
    body = grant_body()
    good = sign_statement_ed25519(body, key=PERFORMER)
    over_other = sign_statement_ed25519(
        grant_body(nonce=b64u(bytes(32))), key=REPRESENTATIVE, role="representative"
    )
    as_performer = sign_statement_ed25519(body, key=REPRESENTATIVE) | {
        "role": "representative",
        "public_key": REPRESENTATIVE.public.to_jwk(),
    }
    with_other_key = sign_statement_ed25519(body, key=REPRESENTATIVE, role="representative") | {
        "public_key": STRANGER.public.to_jwk()
    }
    for bad in (over_other, as_performer, with_other_key):
        with pytest.raises((SignatureError, UntrustedError)):
            verify(read_envelope({"body": body, "signatures": [good, bad]}))


def test_the_performers_own_key_is_no_representative() -> None:
    with pytest.raises(UntrustedError):
        verify(signed(grant_body(), also=(PERFORMER,)))


def test_a_key_that_the_registry_introduces_is_not_signed_by_a_performer() -> None:
    body = credential_body(SECOND.public)
    for by in (SECOND, PERFORMER):
        with pytest.raises(UntrustedError):
            verify(signed(body, by=by), key=by.public)


def test_a_credential_is_signed_by_the_former_key_and_not_the_new_one() -> None:
    body = credential_body(SECOND.public, by=PERFORMER.public)
    verify(signed(body, by=PERFORMER))
    with pytest.raises(UntrustedError):
        verify(signed(body, by=SECOND), key=SECOND.public)


def _entry(**changes: Any) -> dict[str, Any]:
    return sign_statement_ed25519(grant_body(), key=PERFORMER) | changes


@pytest.mark.parametrize(
    ("signatures", "pointer"),
    [
        ([], "/signatures"),
        (None, "/signatures"),
        ([_entry(), _entry()], "/signatures/1/role"),
        ([_entry()] * 9, "/signatures"),
        ([_entry(role="witness")], "/signatures/0/role"),
        ([_entry(method="rsa")], "/signatures/0/method"),
        ([_entry(public_key=PERFORMER.public.to_jwk())], "/signatures/0/public_key"),
        ([_entry(jws=5)], "/signatures/0/jws"),
        ([_entry(role=["performer"])], "/signatures/0/role"),
        ([5], "/signatures/0"),
    ],
)
def test_an_envelope_of_another_shape_is_refused_with_its_pointer(signatures: Any, pointer: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read_envelope({"body": grant_body(), "signatures": signatures})
    assert caught.value.pointer == pointer


def test_a_fault_in_the_body_is_pointed_at_from_the_envelope() -> None:
    with pytest.raises(MalformedError) as caught:
        read_envelope({"body": grant_body(offer="x"), "signatures": [_entry()]}, pointer="/statement")
    assert caught.value.pointer == "/statement/body/offer"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("role", "representative"),
        ("credential", "A" * 43),
        ("public_key", "AAAA"),
        ("nonce", "AAAA"),
        ("text_sha256", "zz"),
        ("signature", ""),
        ("signature", "A B"),
        ("extra", 1),
    ],
)
def test_a_passkey_entry_of_another_shape_is_malformed(member: str, value: Any) -> None:
    document = passkey_grant()
    document["signatures"][0][member] = value
    with pytest.raises(MalformedError) as caught:
        read_envelope(document)
    assert caught.value.pointer.startswith("/signatures/0/")


def test_signing_a_body_without_structure_is_refused() -> None:
    with pytest.raises(MalformedError):
        sign_statement_ed25519({"schema": "consent-registry/grant/v1"}, key=PERFORMER)


def test_a_revocation_of_one_grant_is_none_of_another() -> None:
    entry = sign_statement_ed25519(about_grant_body("revocation"), key=PERFORMER)
    other = about_grant_body("revocation", grant="grt_" + "b" * 26)
    with pytest.raises(SignatureError):
        verify(read_envelope({"body": other, "signatures": [entry]}))


def test_the_unverified_key_of_a_stranger_never_reaches_the_result() -> None:
    generated = PrivateKey.generate()
    statement = verify(
        signed(grant_body(credential=generated.public.thumbprint), by=generated), key=generated.public
    )
    assert statement.performer.key == generated.public
