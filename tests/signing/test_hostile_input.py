"""Whatever comes in, nothing foreign comes out: every parser and verifier raises our errors or succeeds."""

import base64
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signing import cbor, jws
from signing.acknowledgement import Acknowledgement, sign_acknowledgement, verify_acknowledgement
from signing.attestation import parse_attestation_object
from signing.authenticator_data import parse_authenticator_data
from signing.bodies import check_body
from signing.canonical import JSON, canonicalize, parse, parse_statement
from signing.client_data import parse_client_data
from signing.countersignature import verify_countersignature
from signing.encoding import b64u, unb64u
from signing.envelope import format_envelope, parse_envelope, read_envelope
from signing.errors import MalformedError, SigningError
from signing.instants import parse_instant
from signing.key_chain import verify_chain
from signing.keys import PrivateKey, PublicKey
from signing.ledger_record import read_record
from signing.ledger_root import parse_ledger_receipt
from signing.package import verify_package
from signing.process_key import verify_process_certificate
from signing.purposes import RECEIPT
from signing.receipt import verify_receipt, verify_root
from signing.receipt_claims import read_claims, write_claims
from signing.trust import format_trust, parse_trust, read_trust
from tests.signing.ledger_samples import ledger, written
from tests.signing.samples import (
    BODIES,
    ISSUERS,
    NODE,
    NOW,
    PERFORMER,
    an_id,
    first_link,
    package,
    receipt,
    receipt_signer,
    signed,
    signer,
    trust,
)
from tests.signing.software_authenticator import SoftwareAuthenticator

HOSTILE = Path(__file__).parents[1] / "vectors" / "hostile"
PARSING = [
    zlib.decompress(base64.b64decode(json.loads(line)["zlib_b64"]))
    for line in (HOSTILE / "json-parsing.jsonl").read_text().splitlines()
]
NAUGHTY: list[str] = json.loads((HOSTILE / "naughty-strings.json").read_text())
CONFUSABLE = [each["char"] for each in json.loads((HOSTILE / "confusables-ascii.json").read_text())]

TRUST = trust()
DEVICE = SoftwareAuthenticator()
REGISTERED = DEVICE.register(bytes(32))
ASSERTED = DEVICE.sign(bytes(32))
ACKNOWLEDGED = sign_acknowledgement(
    Acknowledgement(
        issuer=ISSUERS[True],
        livemode=True,
        statement=an_id("stm"),
        grant=an_id("grt"),
        body_sha256="00" * 32,
        committed="ct_a",
        enforced_at=NOW,
    ),
    signer=signer("registry"),
)

DEFERRED = ledger(*written(3))[2]

READ_BYTES: dict[str, tuple[Callable[[bytes], Any], bytes]] = {
    "parse": (parse, b'{"a":[1,"b"]}'),
    "parse_statement": (parse_statement, b'{"a":[1,"b"]}'),
    "envelope": (parse_envelope, format_envelope(signed(BODIES["grant"]()))),
    "trust": (parse_trust, format_trust(TRUST)),
    "package": (lambda data: verify_package(data, trust=TRUST, at=NOW, allow_test=True), package()),
    "receipt": (
        lambda data: verify_receipt(data, trust=TRUST, at=NOW, expected_audience=None, allow_test=True),
        receipt_signer().sign(receipt()).encode(),
    ),
    "deferred_receipt": (
        lambda data: verify_receipt(data, trust=TRUST, at=NOW, expected_audience=None, allow_test=True),
        DEFERRED.encode(),
    ),
    "ledger_record": (
        lambda data: read_record(data, issuer=ISSUERS[True], livemode=True, node=NODE),
        parse_ledger_receipt(DEFERRED).record,
    ),
    "key_file": (lambda data: PrivateKey.from_encrypted(data[:200], b"s"), PERFORMER.to_encrypted(b"s")),
    "cbor": (cbor.decode, DEVICE.public_key.to_cose()),
    "cose": (PublicKey.from_cose, DEVICE.public_key.to_cose()),
    "client_data": (parse_client_data, ASSERTED["client_data_json"]),
    "authenticator_data": (parse_authenticator_data, ASSERTED["authenticator_data"]),
    "attestation": (parse_attestation_object, REGISTERED["attestation_object"]),
}
READ_TEXT: dict[str, tuple[Callable[[str], Any], str]] = {
    "base64url": (unb64u, "AAAA"),
    "instant": (parse_instant, "2026-12-01T00:00:00Z"),
    "jws": (
        lambda text: jws.verify(text, expected_typ=RECEIPT, keys={}),
        jws.sign({"a": 1}, typ=RECEIPT, key=PERFORMER),
    ),
    "certificate": (
        lambda text: verify_process_certificate(text, trust=TRUST, expected_livemode=True),
        receipt_signer().certificate,
    ),
    "ledger_root": (lambda text: verify_root(text, trust=TRUST), parse_ledger_receipt(DEFERRED).root),
    "ledger_receipt": (parse_ledger_receipt, DEFERRED),
    "acknowledgement": (
        lambda text: verify_acknowledgement(text, trust=TRUST, expected_body_sha256="00" * 32),
        ACKNOWLEDGED,
    ),
    "countersignature": (
        lambda text: verify_countersignature(
            text, trust=TRUST, expected_grant="x", expected_grant_sha256="x", expected_livemode=True
        ),
        json.loads(package())["registry"],
    ),
}
READ_VALUE: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "body": (check_body, BODIES["grant"]()),
    "envelope": (read_envelope, json.loads(format_envelope(signed(BODIES["limits"]())))),
    "trust": (read_trust, json.loads(format_trust(TRUST))),
    "jwk": (PublicKey.from_jwk, PERFORMER.public.to_jwk()),
    "claims": (
        lambda value: read_claims(value, batch=False) if isinstance(value, dict) else None,
        write_claims(receipt()),
    ),
    "chain": (
        lambda value: verify_chain(
            value, expected_signing_key="x", expected_livemode=True, trust=TRUST, at=NOW
        ),
        [first_link()],
    ),
}


def only_ours(read: Callable[[Any], Any], given: Any) -> None:
    """Read, and let nothing but our own errors pass; a pointer must be fit to be printed."""
    try:
        read(given)
    except MalformedError as exc:
        assert exc.pointer == "" or exc.pointer.startswith("/")
        assert exc.rule
        json.dumps([exc.pointer, exc.message, exc.expected]).encode()
        exc.pointer.encode("utf-8")
    except SigningError as exc:
        str(exc).encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("name", READ_BYTES)
def test_the_parsing_suite_meets_every_reader_of_bytes(name: str) -> None:
    for data in PARSING:
        only_ours(READ_BYTES[name][0], data)


@pytest.mark.parametrize("name", READ_BYTES)
def test_mutated_bytes_raise_nothing_foreign(name: str) -> None:
    read, good = READ_BYTES[name]
    dice = random.Random(name)
    for _ in range(40 if name == "key_file" else 300):
        data = bytearray(good)
        for _ in range(dice.randint(1, 3)):
            place = dice.randrange(len(data)) if data else 0
            match dice.randrange(4):
                case 0 if data:
                    data[place] = dice.randrange(256)
                case 1 if data:
                    del data[place : place + dice.randint(1, 40)]
                case 2:
                    data[place:place] = dice.randbytes(dice.randint(1, 8))
                case _:
                    data[place:place] = data[: dice.randint(0, 60)]
        only_ours(read, bytes(data))


@pytest.mark.parametrize("name", READ_BYTES)
def test_every_truncation_is_refused(name: str) -> None:
    read, good = READ_BYTES[name]
    for length in range(0, len(good) - 1, max(1, len(good) // 120)):
        with pytest.raises(SigningError):
            read(good[:length])


@pytest.mark.parametrize("name", READ_TEXT)
def test_naughty_strings_meet_every_reader_of_text(name: str) -> None:
    read, good = READ_TEXT[name]
    dice = random.Random(name)
    for text in [*NAUGHTY, *CONFUSABLE, "\ud800", "\x00"]:
        only_ours(read, text)
        only_ours(read, good + text)
        place = dice.randrange(len(good))
        only_ours(read, good[:place] + text + good[place:])
    for value in (None, 1, b"x", [], {}):
        only_ours(read, value)


def values_with(good: Any, poison: Any) -> list[Any]:
    """The document with the poison in each place in turn, as value and as an added member."""
    found: list[Any] = []

    def walk(value: Any, rebuild: Callable[[Any], Any]) -> None:
        found.append(rebuild(poison))
        if isinstance(value, dict):
            if isinstance(poison, str):
                found.append(rebuild({**value, poison: 1}))
            for name, child in value.items():
                walk(child, lambda new, name=name, value=value: rebuild({**value, name: new}))
        elif isinstance(value, list):
            for index, child in enumerate(value):
                walk(child, lambda new, i=index, value=value: rebuild([*value[:i], new, *value[i + 1 :]]))

    walk(good, lambda new: new)
    return found


POISONS: list[JSON] = [
    None, True, -1, 2**70, 1.5, float("nan"), "", "\ud800", "\x00", "\u202e", "e\u0301", "x" * 3000, [], {},
    [[]], [{}], {"": {}}, ["a", 1], [None],
]  # fmt: skip


@pytest.mark.parametrize("name", READ_VALUE)
@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: repr(poison)[:20])
def test_poison_in_any_place_raises_nothing_foreign(name: str, poison: Any) -> None:
    read, good = READ_VALUE[name]
    for value in values_with(good, poison):
        only_ours(read, value)


@pytest.mark.parametrize("kind", BODIES)
def test_naughty_strings_in_any_place_of_a_body_raise_nothing_foreign(kind: str) -> None:
    body = BODIES[kind]()
    dice = random.Random(kind)
    for text in NAUGHTY:
        value = dice.choice(values_with(body, text))
        only_ours(check_body, value)
        only_ours(lambda data: parse_envelope(canonicalize({"body": data, "signatures": []})), value)


def test_a_confusable_letter_in_a_word_is_no_word() -> None:
    for char in CONFUSABLE:
        body = BODIES["grant"]()
        body["lines"][0]["uses"] = [f"train.v{char}ice"]
        with pytest.raises(MalformedError):
            check_body(body)
        with pytest.raises(MalformedError):
            unb64u("AAA" + char) if not char.isascii() else unb64u(b64u(b"x") + "=")
