"""Files in which a member is bent and everything is signed anew by the right keys: only the rules of members refuse."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from signing import jws
from signing.canonical import canonicalize
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError
from signing.merkle import leaf_hash
from signing.purposes import (
    ACKNOWLEDGEMENT,
    BATCH_RECEIPT,
    COUNTERSIGNATURE,
    LEDGER_ROOT,
    PROCESS_KEY,
    RECEIPT,
    statement_schema,
)
from signing.receipt import sign_receipt
from tests.signing.ledger_samples import ledger, written
from tests.signing.samples import (
    NOW,
    PERFORMER,
    credential_body,
    first_link,
    grant_body,
    introduction,
    item,
    package,
    receipt,
    receipt_signer,
    signer,
)
from tests.web.verify_cases import Case, acknowledgement, parent_of, paths_of

Members = dict[str, Any]
# What a member may be instead: other kinds, other lengths, blanks, what prints as something else, edges of numbers.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**53 - 1, "", "x", " x", "x\u00a0", "a\nb", "\u202ex", "\u0000", "\ufeffx", "e\u0301",
    "\u00e9", "\U0001f600", "\ufdd0", "0a" * 32, "0A" * 32, "A" * 43, "A" * 42 + "B", "2026-12-02T10:00:00Z",
    "2026-02-30T10:00:00Z", "2026-12-02T24:00:00Z", "2026-12-02T10:00:00.500Z", "0000-01-01T00:00:00Z", "train.voice",
    "Train.voice", "train..voice", "a" * 65, "x" * 5000, "\U0001f600" * 300, "prf_test_allow", "grt_" + "a" * 26,
    "org_" + "b" * 26 + "\n", "DE", "de-DE", "*", [], ["b", "a"], ["a", "b"], ["a", "a"], ["\uffee", "\U00010000"],
    ["\U00010000", "\uffee"], {}, {"a": 1}, {"a": {"b": {"c": {"d": {"e": 1}}}}}, {"kind": "x", "v": 1, "w": [1]},
)  # fmt: skip


def resigned() -> Iterator[Case]:
    """Every kind, with every member bent in every way."""
    for name, (document, finish) in _documents().items():
        for changed, said in _changes(document):
            try:
                data = finish(changed)
            except (MalformedError, TypeError, KeyError, ValueError, AttributeError):
                continue  # it cannot even be signed
            yield Case(name=f"{name}, {said}", data=data)


def _documents() -> dict[str, tuple[Members, Callable[[Members], bytes]]]:
    single = _payload(sign_receipt(receipt(), signer=receipt_signer()))
    attested = item(attester="A Studio", decision_id="dec_" + "c" * 26)
    batch = receipt(batch=True, items=(item(row="row 1"), attested))
    many = _payload(sign_receipt(batch, signer=receipt_signer()))
    certificate = _payload(receipt_signer().certificate)
    counter = _payload(json.loads(package())["registry"])
    return {
        "receipt": (single, lambda said: _by_process(said, RECEIPT)),
        "batch": (many, lambda said: _by_process(said, BATCH_RECEIPT)),
        "certificate": (certificate, lambda said: _under_certificate(said, single)),
        "root": (_payload(ledger(*written(1))[0].split("~")[0]), _under_root),
        "record": (json.loads(written(3)[0]), _record),
        "batch record": (json.loads(written(3)[2]), _record),
        "acknowledgement": (_payload(acknowledgement()), _acknowledged),
        "countersignature": (counter, lambda said: _countersigned(grant_body(), said)),
        "grant": (grant_body(), lambda body: _countersigned(body, _of(body, counter))),
        "first key": (credential_body(PERFORMER.public), _introduced),
    }


def _changes(document: Members) -> Iterator[tuple[Members, str]]:
    for path in paths_of(document):
        name = "/".join(map(str, path))
        without = copy.deepcopy(document)
        del parent_of(without, path)[path[-1]]
        yield without, f"{name} left out"
        for value in VALUES:
            other = copy.deepcopy(document)
            parent_of(other, path)[path[-1]] = value
            yield other, f"{name} is {str(value)[:40]!a}"
        beside = copy.deepcopy(document)
        place = parent_of(beside, path)
        if isinstance(place, dict):
            place["another"] = "x"
        else:
            place.append(copy.deepcopy(place[-1]))
        yield beside, f"{name} with a neighbour"


def _payload(token: str) -> Members:
    said: Members = json.loads(unb64u(token.split(".")[1]))
    return said


def _by_process(said: Members, typ: str, certificate: str | None = None) -> bytes:
    signing = receipt_signer()
    header = {"cert": certificate or signing.certificate}
    return jws.sign(said, typ=typ, key=signing.private, header=header).encode()


def _under_certificate(said: Members, single: Members) -> bytes:
    return _by_process(single, RECEIPT, signer("receipt").sign_jws(typ=PROCESS_KEY, payload=said))


def _under_root(said: Members) -> bytes:
    record = written(1)[0]
    return b"~".join((_by_process(said, LEDGER_ROOT), b64u(record).encode(), b""))


def _record(said: Members) -> bytes:
    record = canonicalize(said)
    root = _payload(ledger(*written(1))[0].split("~")[0])
    root |= {"root": leaf_hash(hashlib.sha256(record).digest()).hex(), "first": said["n"]}
    return b"~".join((_by_process(root, LEDGER_ROOT), b64u(record).encode(), b""))


def _acknowledged(said: Members) -> bytes:
    return signer("registry").sign_jws(typ=ACKNOWLEDGEMENT, payload=said).encode()


def _of(body: Members, counter: Members) -> Members:
    digest = hashlib.sha256(canonicalize(body)).hexdigest()
    return counter | {"grant": body["id"], "grant_sha256": digest, "livemode": body["livemode"]}


def _countersigned(body: Members, counter: Members, chain: list[Any] | None = None) -> bytes:
    token = jws.sign(body, typ=statement_schema("grant"), key=PERFORMER)
    return canonicalize(
        {
            "body": body,
            "signatures": [{"role": "performer", "method": "ed25519", "jws": token}],
            "key_chain": chain or [first_link()],
            "registry": signer("registry").sign_jws(typ=COUNTERSIGNATURE, payload=counter),
            "proof": "pending",
        }
    )


def _introduced(body: Members) -> bytes:
    link = {
        "introduced_by": "registry",
        "statement": introduction(body),
        "examiner": body.get("examiner", "x"),
        "evidence_sha256": body.get("evidence_sha256", "0" * 64),
    }
    counter = _payload(json.loads(package())["registry"])
    return _countersigned(grant_body(), _of(grant_body(), counter), [link])


def thinned(cases: Iterator[Case], *, every: int) -> list[Case]:
    """One of so many, spread over all of them."""
    return [replace(case, at=NOW) for number, case in enumerate(cases) if number % every == 0]
