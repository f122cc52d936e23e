"""Files for both verifiers: genuine ones of every kind, and what becomes of them when one thing is bent."""

import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from signing.acknowledgement import Acknowledgement, sign_acknowledgement
from signing.canonical import canonicalize
from signing.encoding import b64u, unb64u
from signing.key_chain import performer_link, registry_link
from signing.receipt import sign_receipt
from signing.receipt_proof import format_receipt_proof
from signing.statement import read_envelope
from tests.signing.ledger_samples import ledger, written
from tests.signing.log_samples import logged_package, receipt_proof, with_proof
from tests.signing.samples import (
    ISSUERS,
    NOW,
    PERFORMER,
    RECOVERED,
    REPRESENTATIVE,
    SECOND,
    TEXT,
    an_id,
    credential_body,
    first_link,
    grant_body,
    introduction,
    item,
    next_link,
    package,
    receipt,
    receipt_signer,
    signed,
    signed_by_passkey,
    signer,
)
from tests.signing.software_authenticator import SoftwareAuthenticator, make_private

_LEAVES: tuple[Any, ...] = (None, True, 0, 1.5, "x", "", [], {}, "\u00e9", "e\u0301", -1, 2**53)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One file, when it is judged, and whether the reader takes the test side."""

    name: str
    data: bytes
    at: datetime = NOW
    allow_test: bool = False


def genuine() -> list[Case]:
    """One of each kind and way of signing, all of which hold."""
    batch = receipt(batch=True, items=tuple(item(decision_id="dec_" + letter * 26) for letter in "abc"))
    deferred = ledger(*written())
    proof, kept = receipt_proof(written(), 1)
    files: dict[str, str | bytes] = {
        "receipt": sign_receipt(receipt(), signer=receipt_signer()),
        "receipt with blanks": f"\r\n {sign_receipt(receipt(), signer=receipt_signer())}\t\n",
        "batch receipt": sign_receipt(batch, signer=receipt_signer()),
        "denial": sign_receipt(_denial(), signer=receipt_signer()),
        "deferred receipt": deferred[1],
        "deferred batch": deferred[2],
        "receipt proof": format_receipt_proof(proof),
        "receipt proof with its receipt": format_receipt_proof(proof.with_receipt(kept)),
        "acknowledgement": acknowledgement(),
        "recorded ending": acknowledgement(statement=None, authority="link"),
        "package": package(),
        "package with another order": json.dumps(
            json.loads(package()), indent=1, ensure_ascii=False
        ).encode(),
        "package with its proof": logged_package(),
        "package with a representative": package(envelope=signed(grant_body(), also=(REPRESENTATIVE,))),
        "package by a second key": package(
            envelope=signed(grant_body(credential=SECOND.public.thumbprint), by=SECOND),
            chain=[first_link(), next_link(SECOND.public, PERFORMER)],
        ),
        "package after a recovery": package(
            envelope=signed(grant_body(credential=RECOVERED.public.thumbprint), by=RECOVERED),
            chain=[first_link(), first_link(RECOVERED.public, replaces=PERFORMER.public.thumbprint)],
        ),
        **{f"package by passkey {alg}": by_passkey(alg) for alg in ("ES256", "EdDSA", "RS256")},
        "package by a passkey's passkey": by_second_passkey(),
    }
    cases = [Case(name=name, data=_bytes(data)) for name, data in files.items()]
    tests = {
        "test receipt": sign_receipt(receipt(livemode=False), signer=receipt_signer(livemode=False)),
        "test package": package(livemode=False),
        "test package with its proof": logged_package(livemode=False),
    }
    return cases + [Case(name=name, data=_bytes(data), allow_test=True) for name, data in tests.items()]


def bent() -> Iterator[Case]:
    """The genuine ones judged otherwise, at other times, with other members, letters and signatures."""
    for case in genuine():
        yield replace(case, name=f"{case.name}, test side refused", allow_test=False)
        for days in (-400, -31, -1, 400):
            yield replace(case, name=f"{case.name}, {days} days on", at=NOW + timedelta(days=days))
        yield from _bent_letters(case)
        if case.data.lstrip().startswith(b"{"):
            yield from _bent_members(case)
        elif case.data.count(b".") == 2:
            yield from _bent_token(case)
    yield from _strangers()


def acknowledgement(**changes: Any) -> str:
    """The registry's word that an ending took effect."""
    said = Acknowledgement(
        issuer=ISSUERS[True],
        livemode=True,
        statement=an_id("stm"),
        grant=an_id("grt"),
        body_sha256="0a" * 32,
        committed="ct_abc",
        enforced_at=NOW - timedelta(milliseconds=482),
    )
    return sign_acknowledgement(replace(said, **changes), signer=signer("registry"))


def by_passkey(alg: str = "ES256", device: SoftwareAuthenticator | None = None, **bent_: Any) -> bytes:
    """A package whose grant a passkey signed."""
    device = device or SoftwareAuthenticator(private=make_private(alg))
    body = _shown(grant_body(credential=device.public_key.thumbprint))
    envelope = read_envelope(signed_by_passkey(body, device, **bent_))
    return package(envelope=envelope, chain=[_passkey_link(device)])


def by_second_passkey() -> bytes:
    """A package by a passkey that another passkey of the same performer introduced."""
    first, second = SoftwareAuthenticator(), SoftwareAuthenticator()
    body = credential_body(second.public_key, by=first.public_key)
    link = performer_link(read_envelope(signed_by_passkey(body, first)))
    grant = _shown(grant_body(credential=second.public_key.thumbprint))
    envelope = read_envelope(signed_by_passkey(grant, second))
    return package(envelope=envelope, chain=[_passkey_link(first), link])


def _passkey_link(device: SoftwareAuthenticator) -> dict[str, Any]:
    changes = {"kind": "passkey", "public_key": b64u(device.public_key.to_cose())}
    return first_link(device.public_key, **changes)


def _shown(body: dict[str, Any]) -> dict[str, Any]:
    """The body whose template names the very text that the passkey's signature covers."""
    body["template"]["text_sha256"] = hashlib.sha256(TEXT).hexdigest()
    return body


def _denial() -> Any:
    denied = item(decision="deny", reasons=("no_active_consent",), obligations=(), grants=())
    return receipt(items=(denied,))


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _bent_letters(case: Case) -> Iterator[Case]:
    """A letter changed at forty places, cut short, and with something behind it."""
    data = case.data
    for number in range(40):
        at = number * (len(data) - 1) // 39
        other = b"A" if data[at : at + 1] != b"A" else b"B"
        yield replace(case, name=f"{case.name}, letter {at}", data=data[:at] + other + data[at + 1 :])
    yield replace(case, name=f"{case.name}, cut", data=data[:-2])
    yield replace(case, name=f"{case.name}, longer", data=data + b"x")
    yield replace(case, name=f"{case.name}, a mark before", data=b"\xef\xbb\xbf" + data)
    yield replace(case, name=f"{case.name}, not UTF-8", data=data[:9] + b"\xff" + data[9:])


def _bent_token(case: Case) -> Iterator[Case]:
    """Other headers, and payloads in another spelling or with other members; none is signed anew."""
    head, payload, signature = case.data.strip().split(b"~")[0].decode().split(".")
    for part, text in (("header", head), ("payload", payload)):
        members = json.loads(unb64u(text))
        for name in [*members, "jwk", "crit", "unknown"]:
            changed = {**members, name: "x"}
            spelled = b64u(canonicalize(changed))
            token = (spelled, payload) if part == "header" else (head, spelled)
            yield replace(
                case, name=f"{case.name}, {part} {name}", data=_bytes(".".join((*token, signature)))
            )
    for name, padded in (("padding", f"{signature}="), ("none", ""), ("short", signature[:-4])):
        yield replace(case, name=f"{case.name}, signature {name}", data=_bytes(f"{head}.{payload}.{padded}"))


def _bent_members(case: Case) -> Iterator[Case]:
    """Each member left out, doubled, renamed, and with values of other kinds."""
    document = json.loads(case.data)
    for number, path in enumerate(paths_of(document)):
        name = f"{case.name}, {'/'.join(map(str, path))}"
        without = copy.deepcopy(document)
        del parent_of(without, path)[path[-1]]
        yield replace(case, name=f"{name} left out", data=json.dumps(without).encode())
        value = _LEAVES[number % len(_LEAVES)]
        other = copy.deepcopy(document)
        parent_of(other, path)[path[-1]] = value
        yield replace(case, name=f"{name} is {value!r}", data=json.dumps(other, ensure_ascii=False).encode())
        if isinstance(path[-1], str):
            more = copy.deepcopy(document)
            parent_of(more, path)["other"] = "x"
            yield replace(case, name=f"{name} has a neighbour", data=json.dumps(more).encode())
    text = case.data.decode()
    yield replace(case, name=f"{case.name}, schema twice", data=text.replace("{", '{"body":1,', 1).encode())
    yield replace(case, name=f"{case.name}, a float", data=text.replace(":1,", ":1.0,").encode())


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every member and item."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in steps:
        yield (*path, step)
        yield from paths_of(child, (*path, step))


def parent_of(document: Any, path: tuple[Any, ...]) -> Any:
    """What holds the member or item at the end of that way."""
    for step in path[:-1]:
        document = document[step]
    return document


def _strangers() -> Iterator[Case]:
    """Well signed, and yet not what it says it is."""
    for name, bend in {
        "nobody verified": {"flags": 0x01},
        "nobody present": {"flags": 0x04},
        "backed up without eligibility": {"flags": 0x15},
        "backed up": {"flags": 0x1D},
        "another page": {"origin": "https://registry.example"},
        "another ceremony": {"kind": "webauthn.create"},
        "embedded": {"members": {"crossOrigin": True}},
        "embedded elsewhere": {"members": {"topOrigin": "https://evil.example"}},
        "a fraction in what nobody reads": {"members": {"other": 1.5e300}},
        "extensions": {"flags": 0x85, "tail": b"\xa1\x61\x61\xf5"},
        "extensions that are none": {"flags": 0x85, "tail": b"\x01"},
        "bytes left over": {"tail": b"\xa0"},
        "another text": {"text": b"Another text.\n"},
    }.items():
        yield Case(name=f"passkey: {name}", data=by_passkey(**bend))  # type: ignore[arg-type]
    elsewhere = SoftwareAuthenticator(rp_id="evil.example")
    yield Case(name="passkey: another RP", data=by_passkey(device=elsewhere))
    software = grant_body(credential=SECOND.public.thumbprint)
    posing = credential_body(SECOND.public)
    posing["kind"] = "passkey"
    posing["public_key"] = b64u(SECOND.public.to_cose())
    link = registry_link(
        introduction(posing), examiner=posing["examiner"], evidence_sha256=posing["evidence_sha256"]
    )
    yield Case(
        name="a software key plays a passkey",
        data=package(envelope=signed(software, by=SECOND), chain=[link]),
    )
    yield Case(name="a chain to another key", data=package(chain=[first_link(SECOND.public)]))
    yield Case(name="a chain without a first link", data=package(chain=[next_link(PERFORMER.public, SECOND)]))
    yield Case(name="a key twice", data=package(chain=[first_link(), first_link()]))
    yield Case(name="recorded later", data=package(recorded_at=NOW + timedelta(minutes=2)))
    yield Case(name="recorded within the skew", data=package(recorded_at=NOW + timedelta(seconds=59)))
    for change in ({"grant": an_id("grt", "b")}, {"grant_sha256": "0b" * 32}, {"livemode": False}):
        yield Case(name=f"countersigned {change}", data=package(**change), allow_test=True)  # type: ignore[arg-type]
    yield Case(
        name="the log names another grant", data=with_proof(package(), body={"grant": an_id("grt", "c")})
    )
    yield Case(name="the log has it elsewhere", data=with_proof(package(), index=7))
    first, other = receipt_proof(written(), 1), receipt_proof(written(), 0)
    yield Case(name="another's receipt enclosed", data=format_receipt_proof(first[0].with_receipt(other[1])))
    early = receipt_proof(written(), 1, said_at=timedelta(minutes=-2))[0]
    yield Case(name="committed before it was decided", data=format_receipt_proof(early))
    for name, text in {
        "nothing": "",
        "a brace": "{",
        "a word": "hello",
        "dots": "a.b.c",
        "empty parts": "..",
    }.items():
        yield Case(name=name, data=text.encode())
