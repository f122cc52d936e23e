"""A signature has one purpose, and a key one role: nothing passes as anything else."""

from typing import Any

import pytest

from signing import jws
from signing.canonical import canonicalize
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.keys import PrivateKey
from signing.purposes import (
    ACKNOWLEDGEMENT,
    BATCH_RECEIPT,
    CHANGES,
    COUNTERSIGNATURE,
    EVIDENCE,
    GRANT_SEAL,
    INTRODUCTION,
    LEDGER_ROOT,
    PERFORMER_PROOF,
    PROCESS_KEY,
    RECEIPT,
    STATEMENT_KINDS,
    STATUS_LIST,
    Role,
    representative_typ,
    roles_for,
    statement_schema,
)
from tests.signing.samples import PERFORMER, STRANGER, signer

PURPOSES = [
    RECEIPT,
    BATCH_RECEIPT,
    LEDGER_ROOT,
    CHANGES,
    PROCESS_KEY,
    COUNTERSIGNATURE,
    ACKNOWLEDGEMENT,
    GRANT_SEAL,
    EVIDENCE,
    STATUS_LIST,
    PERFORMER_PROOF,
    *(statement_schema(kind) for kind in STATEMENT_KINDS),
    *(representative_typ(kind) for kind in STATEMENT_KINDS),
]
ROLES: tuple[Role, ...] = ("registry", "receipt", "status", "log", "process", "performer", "representative")
PAYLOAD: dict[str, Any] = {"a": 1}


@pytest.mark.parametrize("typ", PURPOSES)
def test_a_token_verifies_for_its_own_purpose_only(typ: str) -> None:
    token = jws.sign(PAYLOAD, typ=typ, key=PERFORMER)
    for expected in PURPOSES:
        if expected == typ:
            assert jws.verify(token, expected_typ=expected, key=PERFORMER.public).payload == PAYLOAD
        else:
            with pytest.raises(SignatureError):
                jws.verify(token, expected_typ=expected, key=PERFORMER.public)


@pytest.mark.parametrize("role", ROLES)
def test_a_key_signs_for_its_own_role_only(role: Role) -> None:
    for typ in PURPOSES:
        if role in roles_for(typ):
            signer(role).sign_jws(typ=typ, payload=PAYLOAD)
        else:
            with pytest.raises(UntrustedError):
                signer(role).sign_jws(typ=typ, payload=PAYLOAD)


def test_each_purpose_has_one_role_but_the_introduction_of_a_key() -> None:
    for typ in PURPOSES:
        assert roles_for(typ) == ({"performer", "registry"} if typ == INTRODUCTION else roles_for(typ))
        assert len(roles_for(typ)) == (2 if typ == INTRODUCTION else 1)


@pytest.mark.parametrize("typ", ["", "JWT", "jwt", RECEIPT.upper(), f"application/{RECEIPT}", RECEIPT + " "])
def test_an_unknown_purpose_is_neither_signed_nor_verified(typ: str) -> None:
    with pytest.raises(UntrustedError):
        jws.sign(PAYLOAD, typ=typ, key=PERFORMER)
    with pytest.raises(UntrustedError):
        signer("registry").sign_jws(typ=typ, payload=PAYLOAD)
    token = forge({"alg": "EdDSA", "kid": PERFORMER.public.thumbprint, "typ": typ})
    with pytest.raises(SignatureError):
        jws.verify(token, expected_typ=typ, key=PERFORMER.public)


def forge(header: Any, payload: bytes = b'{"a":1}', *, key: PrivateKey = PERFORMER) -> str:
    """A token with any header, honestly signed."""
    head = header if isinstance(header, bytes) else canonicalize(header)
    signing_input = f"{b64u(head)}.{b64u(payload)}"
    return f"{signing_input}.{b64u(key.sign(signing_input.encode()))}"


GOOD = {"alg": "EdDSA", "kid": PERFORMER.public.thumbprint, "typ": RECEIPT}


def refuse(token: Any, **arguments: Any) -> SigningError:
    """The error that a token is refused with."""
    with pytest.raises(SigningError) as caught:
        jws.verify(token, **({"expected_typ": RECEIPT, "key": PERFORMER.public} | arguments))
    return caught.value


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_both_names_of_the_algorithm_are_read(alg: str) -> None:
    jws.verify(forge(GOOD | {"alg": alg}), expected_typ=RECEIPT, key=PERFORMER.public)


@pytest.mark.parametrize(
    "alg", ["none", "None", "", "HS256", "ES256", "RS256", "eddsa", "Ed448", None, 1, ["EdDSA"], {"a": 1}]
)
def test_any_other_algorithm_is_refused(alg: Any) -> None:
    assert isinstance(refuse(forge(GOOD | {"alg": alg})), SignatureError)


def test_an_unsigned_token_is_refused() -> None:
    head = b64u(canonicalize(GOOD | {"alg": "none"}))
    refuse(f"{head}.{b64u(b'{}')}.")


@pytest.mark.parametrize(
    "member", ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip", "cty", "cert", "exp"]
)
def test_a_header_member_that_nobody_expects_is_refused(member: str) -> None:
    for value in (True, STRANGER.public.to_jwk(), ["exp"]):
        fault = refuse(forge(GOOD | {member: value}))
        assert isinstance(fault, MalformedError)
        assert fault.pointer == f"/header/{member}"


@pytest.mark.parametrize("member", sorted(jws.REFUSED_HEADER | {"alg", "typ", "kid"}))
def test_a_caller_cannot_set_what_verifiers_rely_on(member: str) -> None:
    with pytest.raises(MalformedError):
        jws.sign(PAYLOAD, typ=RECEIPT, key=PERFORMER, header={member: "x"})


@pytest.mark.parametrize("member", ["alg", "kid", "typ"])
def test_a_header_without_one_of_its_members_is_refused(member: str) -> None:
    refuse(forge({name: value for name, value in GOOD.items() if name != member}))


def test_a_key_named_by_the_token_alone_is_not_trusted() -> None:
    token = forge(GOOD | {"kid": STRANGER.public.thumbprint}, key=STRANGER)
    assert isinstance(refuse(token), UntrustedError)
    assert isinstance(refuse(token, key=None, keys={}), UntrustedError)
    assert isinstance(
        refuse(token, key=None, keys={PERFORMER.public.thumbprint: PERFORMER.public}), UntrustedError
    )


def test_a_key_filed_under_another_name_is_not_trusted() -> None:
    filed = {PERFORMER.public.thumbprint: STRANGER.public}
    assert isinstance(refuse(forge(GOOD, key=STRANGER), key=None, keys=filed), UntrustedError)


@pytest.mark.parametrize("kid", [None, 1, [], {}, "", "x"])
def test_a_key_id_of_another_form_is_refused(kid: Any) -> None:
    refuse(forge(GOOD | {"kid": kid}))
    refuse(forge(GOOD | {"kid": kid}), key=None, keys={})


def test_verify_takes_exactly_one_source_of_keys() -> None:
    refuse(forge(GOOD), key=None)
    refuse(forge(GOOD), keys={})


@pytest.mark.parametrize(
    "head",
    [
        b'{"typ":"consent-receipt+jwt","alg":"EdDSA","kid":"KID"}',
        b'{"alg":"EdDSA","kid":"KID","typ":"consent-receipt+jwt"} ',
        b'{"alg":"none","alg":"EdDSA","kid":"KID","typ":"consent-receipt+jwt"}',
        b'{"alg":"\\u0045dDSA","kid":"KID","typ":"consent-receipt+jwt"}',
        b"[]",
        b"1",
        b"",
        b"\xff",
    ],
)
def test_a_header_in_another_spelling_is_refused(head: bytes) -> None:
    refuse(forge(head.replace(b"KID", PERFORMER.public.thumbprint.encode())))


@pytest.mark.parametrize(
    "payload",
    [b"", b"1", b"[]", b'{"b":1,"a":2}', b'{"a":1.5}', b'{"a":1,"a":1}', b'{"a": 1}', b"\xff", b'"x"'],
)
def test_a_payload_in_another_spelling_is_refused(payload: bytes) -> None:
    refuse(forge(GOOD, payload))


def test_a_token_in_another_spelling_is_refused() -> None:
    token = forge(GOOD)
    jws.verify(token, expected_typ=RECEIPT, key=PERFORMER.public)
    for other in (
        token + "=", token + "\n", " " + token, token + ".", token + ".x", token.replace(".", "..", 1),
        token.rsplit(".", 1)[0], "", ".", "..", "a.b.c", token.encode(), None, 5, token.replace("A", "Ａ", 1) + "ß",
    ):  # fmt: skip
        refuse(other)


def test_the_last_letter_of_a_signature_has_no_twin() -> None:
    token = forge(GOOD)
    assert len(unb64u(token.rsplit(".", 1)[1])) == 64
    twins = [
        token[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    ]
    good = 0
    for twin in twins:
        try:
            jws.verify(twin, expected_typ=RECEIPT, key=PERFORMER.public)
            good += 1
        except SigningError:
            continue
    assert good == 1


def test_a_token_beyond_its_bound_is_refused() -> None:
    assert isinstance(refuse(forge(GOOD), max_bytes=20), MalformedError)
    refuse(forge(GOOD, b'{"a":"' + b"x" * 3_000_000 + b'"}'))


def test_signing_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(MalformedError):
        jws.sign({"a": float("nan")}, typ=RECEIPT, key=PERFORMER)


def test_a_signers_name_is_its_keys_thumbprint() -> None:
    assert signer("registry").key_id == signer("registry").public.thumbprint
