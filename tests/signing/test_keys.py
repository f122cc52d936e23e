"""Public keys have one spelling in each form; private keys do not leak."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from signing import cbor
from signing.encoding import b64u
from signing.errors import MalformedError, SignatureError, UntrustedError
from signing.keys import PrivateKey, PublicKey
from tests.signing.software_authenticator import make_private, public_of

KEYS = {alg: public_of(make_private(alg)) for alg in ("EdDSA", "ES256", "RS256")}


@pytest.mark.parametrize("alg", KEYS)
def test_jwk_and_cose_read_back(alg: str) -> None:
    key = KEYS[alg]
    assert PublicKey.from_jwk(key.to_jwk()) == key
    assert PublicKey.from_cose(key.to_cose()) == key
    assert PublicKey.from_cose(key.to_cose()).to_cose() == key.to_cose()
    assert len(key.thumbprint) == 43


@pytest.mark.parametrize("alg", KEYS)
@pytest.mark.parametrize("member", [2, 4, 5, -70000], ids=["kid", "key_ops", "base_iv", "private"])
def test_a_cose_key_has_no_optional_member(alg: str, member: int) -> None:
    document = cbor.decode(KEYS[alg].to_cose())
    assert isinstance(document, dict)
    with pytest.raises(MalformedError):
        PublicKey.from_cose(cbor.encode({**document, member: 1}))


def test_a_cose_key_in_another_order_is_refused() -> None:
    data = KEYS["EdDSA"].to_cose()
    assert data[:5] == bytes([0xA4, 1, 1, 3, 0x27])
    swapped = data[:1] + data[3:5] + data[1:3] + data[5:]
    with pytest.raises(MalformedError):
        PublicKey.from_cose(swapped)


@pytest.mark.parametrize(
    "changes",
    [{3: -7}, {1: 2}, {-1: 1}, {-2: b"short"}, {-2: 5}, {3: True}, {1: True}],
    ids=repr,
)
def test_a_cose_key_that_contradicts_itself_is_refused(changes: dict[Any, Any]) -> None:
    document = cbor.decode(KEYS["EdDSA"].to_cose())
    assert isinstance(document, dict)
    with pytest.raises(MalformedError):
        PublicKey.from_cose(cbor.encode({**document, **changes}))


@pytest.mark.parametrize("alg", KEYS)
@pytest.mark.parametrize(
    ("extra", "pointer"),
    [
        ({"d": "AA"}, "/jwk/d"),
        ({"k": "AA"}, "/jwk/k"),
        ({"use": "enc"}, "/jwk/use"),
        ({"key_ops": ["sign"]}, "/jwk/key_ops"),
        ({"key_ops": ["verify", "sign"]}, "/jwk/key_ops"),
        ({"alg": "HS256"}, "/jwk/alg"),
        ({"alg": ["EdDSA"]}, "/jwk/alg"),
        ({"kid": 5}, "/jwk/kid"),
        ({"x5u": "https://elsewhere.example"}, "/jwk/x5u"),
        ({"kty": "oct"}, "/jwk/kty"),
        ({"kty": None}, "/jwk/kty"),
        ({"kty": []}, "/jwk/kty"),
    ],
    ids=repr,
)
def test_a_jwk_with_a_member_that_does_not_belong_is_refused(
    alg: str, extra: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        PublicKey.from_jwk({**KEYS[alg].to_jwk(), **extra}, pointer="/jwk")
    assert caught.value.pointer == pointer


@pytest.mark.parametrize("alg", KEYS)
def test_a_jwk_without_one_of_its_members_is_refused(alg: str) -> None:
    for name in KEYS[alg].to_jwk():
        jwk = {key: value for key, value in KEYS[alg].to_jwk().items() if key != name}
        with pytest.raises(MalformedError) as caught:
            PublicKey.from_jwk(jwk)
        assert caught.value.pointer == f"/{name}"


@pytest.mark.parametrize("value", [None, 1, "x", [], True])
def test_what_is_no_object_is_no_jwk(value: Any) -> None:
    with pytest.raises(MalformedError):
        PublicKey.from_jwk(value)


def test_a_key_of_another_curve_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        PublicKey.from_jwk({**KEYS["EdDSA"].to_jwk(), "crv": "X25519"})
    assert caught.value.pointer == "/crv"


@pytest.mark.parametrize(
    ("n", "e"),
    [
        (b"\x80" + bytes(126) + b"\x01", b"\x01\x00\x01"),
        (b"\x80" + bytes(511) + b"\x01", b"\x01\x00\x01"),
        (b"\x00" + KEYS["RS256"].parts[0], b"\x01\x00\x01"),
        (KEYS["RS256"].parts[0], b"\x03"),
        (KEYS["RS256"].parts[0], b"\x01\x00\x02"),
        (KEYS["RS256"].parts[0], b"\x01\x00\x00\x00\x01"),
        (KEYS["RS256"].parts[0], b"\x00\x01\x00\x01"),
        (KEYS["RS256"].parts[0][:-1] + b"\x02", b"\x01\x00\x01"),
        (b"", b"\x01\x00\x01"),
        (KEYS["RS256"].parts[0], b""),
    ],
    ids=["1024", "4097", "zero-n", "e3", "even-e", "long-e", "zero-e", "even-n", "no-n", "no-e"],
)
def test_rsa_numbers_outside_the_bounds_are_refused(n: bytes, e: bytes) -> None:
    with pytest.raises(MalformedError):
        PublicKey("RS256", (n, e))


@pytest.mark.parametrize(
    "parts",
    [(bytes(32), bytes(32)), (bytes(31), bytes(32)), (b"\xff" * 32, bytes(32)), (b"\x00" * 33, bytes(32))],
    ids=["origin", "short", "range", "long"],
)
def test_a_point_off_the_curve_is_refused(parts: tuple[bytes, bytes]) -> None:
    with pytest.raises(MalformedError):
        PublicKey("ES256", parts)


@pytest.mark.parametrize("alg", KEYS)
@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\x30\x06\x02\x01\x01\x02\x01\x01", b"\xff" * 256])
def test_rubbish_is_no_signature(alg: str, signature: bytes) -> None:
    for verify in (KEYS[alg].verify, KEYS[alg].verify_jose):
        with pytest.raises(SignatureError):
            verify(signature, b"data")


def test_a_key_file_opens_with_its_secret_only() -> None:
    key = PrivateKey.generate()
    data = key.to_encrypted(b"correct horse")
    assert PrivateKey.from_encrypted(data, b"correct horse") == key
    assert key.export_seed() not in data and b64u(key.export_seed()).encode() not in data
    assert key.to_encrypted(b"correct horse") != data
    with pytest.raises(UntrustedError):
        PrivateKey.from_encrypted(data, b"another")


@pytest.mark.parametrize("secret", [b""])
def test_an_empty_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(MalformedError):
        PrivateKey.generate().to_encrypted(secret)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("jwk", KEYS["EdDSA"].to_jwk()),
        ("salt", b64u(bytes(16))),
        ("nonce", b64u(bytes(12))),
        ("sealed", b64u(bytes(48))),
        ("scrypt_n", 2),
        ("schema", "consent-registry/key/v2"),
        ("salt", 5),
        ("more", 1),
    ],
)
def test_an_altered_key_file_does_not_open(member: str, value: Any) -> None:
    document = json.loads(PrivateKey.generate().to_encrypted(b"s"))
    document[member] = value
    with pytest.raises((MalformedError, UntrustedError)):
        PrivateKey.from_encrypted(json.dumps(document).encode(), b"s")


def test_a_key_file_resealed_under_another_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    key = PrivateKey.generate()
    monkeypatch.setattr(key, "public", KEYS["EdDSA"])
    with pytest.raises(UntrustedError, match="another public key"):
        PrivateKey.from_encrypted(key.to_encrypted(b"s"), b"s")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"x" * 5000, b"\xff"])
def test_what_is_no_key_file_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        PrivateKey.from_encrypted(data, b"s")


def test_a_private_key_does_not_show() -> None:
    key = PrivateKey.from_seed(bytes(range(32)))
    for shown in (repr(key), str(key), f"{key}"):
        assert shown == f"PrivateKey(id={key.public.thumbprint[:8]})"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seed_has_32_bytes(length: int) -> None:
    with pytest.raises(MalformedError):
        PrivateKey.from_seed(bytes(length))


def test_keys_compare_by_value() -> None:
    first, same, other = (PrivateKey.from_seed(bytes([n]) * 32) for n in (1, 1, 2))
    assert first == same and hash(first) == hash(same) and first.public == same.public
    assert first != other and first.public != other.public and first != "key"


def test_no_module_of_this_package_imports_a_framework() -> None:
    for path in Path("signing").rglob("*.py"):
        assert "django" not in path.read_text().lower(), path
