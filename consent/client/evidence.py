"""Verifying evidence offline: whatever kind of document it is, found out by looking at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from consent.client.errors import ConfigurationError
from consent.client.evidence_bundles import verify_whole
from signing import jws
from signing.acknowledgement import Acknowledgement, verify_acknowledgement
from signing.canonical import JSON, parse
from signing.checkpoint import parse_checkpoint
from signing.errors import MalformedError, SigningError, UntrustedError
from signing.evidence_bundle import VerifiedBundle
from signing.evidence_zip import MAX_ZIP_BYTES
from signing.logged_event import log_policy, origin_policy
from signing.note import parse_note
from signing.package import MAX_PACKAGE_BYTES, VerifiedPackage, verify_package
from signing.purposes import ACKNOWLEDGEMENT, BATCH_RECEIPT, LEDGER_ROOT, RECEIPT
from signing.receipt import MAX_RECEIPT_BYTES, Receipt, verify_receipt
from signing.receipt_proof import MAX_RECEIPT_PROOF_BYTES, ProvenReceipt, verify_receipt_proof
from signing.receipt_proof import SCHEMA as RECEIPT_PROOF
from signing.signed_checkpoint import SignedCheckpoint
from signing.statement import parse_envelope
from signing.tlog_policy import Policy
from signing.tlog_proof import HEADER, parse_proof, verify_proof
from signing.trust import Trust

MAX_DOCUMENT_BYTES = max(MAX_RECEIPT_BYTES, MAX_PACKAGE_BYTES, MAX_RECEIPT_PROOF_BYTES, MAX_ZIP_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEntry:
    """An entry that a log holds at `index`, under `signed`."""

    index: int
    entry: bytes
    signed: SignedCheckpoint


Evidence: TypeAlias = (
    Receipt
    | ProvenReceipt
    | VerifiedPackage
    | VerifiedBundle
    | Acknowledgement
    | ProvenEntry
    | SignedCheckpoint
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What the verifier knows beforehand. None, typed out, is "whoever asked" and "whatever was ended".

    With `policy` a document must rest on a log that fulfils it. `expected_entry` is the entry that a proof file must be
    of: such a file does not hold it.
    """

    expected_audience: str | None
    expected_statement: bytes | None
    allow_test: bool
    policy: Policy | None = None
    expected_entry: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of document: how it is known, and what verifies it."""

    name: str
    is_one: Callable[[bytes], bool]
    verify: Callable[[bytes, Trust, datetime, Expectations], Evidence]


def verify_evidence(data: bytes, *, trust: Trust, at: datetime, expectations: Expectations) -> Evidence:
    """What a document proves.

    Raises:
        signing.errors.SigningError: malformed, forged, untrusted, of another audience or statement, of the test
            side without `allow_test`, or without the log proof that a policy demands.
        ConfigurationError: a proof file without the entry that it is of.
    """
    for kind in KINDS:
        if kind.is_one(data):
            return kind.verify(data, trust, at, expectations)
    *names, last = [kind.name for kind in KINDS]
    token = _token(data)
    got = "" if token is None else f", got a token of typ {_typ(token)!r:.80}"
    raise MalformedError(f"expected an {', a '.join(names)} or an {last}{got}")


def _bundle(data: bytes, trust: Trust, at: datetime, known: Expectations) -> Evidence:
    return verify_whole(
        data,
        trust=trust,
        at=at,
        expected_organization=known.expected_audience,
        allow_test=known.allow_test,
        policy=known.policy,
    )


def _package(data: bytes, trust: Trust, at: datetime, known: Expectations) -> Evidence:
    return verify_package(
        data.strip(_BLANKS), trust=trust, at=at, allow_test=known.allow_test, policy=known.policy
    )


def _receipt_proof(data: bytes, trust: Trust, at: datetime, known: Expectations) -> Evidence:
    return verify_receipt_proof(
        data.strip(_BLANKS),
        trust=trust,
        at=at,
        expected_audience=known.expected_audience,
        allow_test=known.allow_test,
        policy=known.policy,
    )


def _receipt(data: bytes, trust: Trust, at: datetime, known: Expectations) -> Evidence:
    _refuse_without_log(known, "a receipt has no log proof of its own: get one with `consent receipt proof`")
    return verify_receipt(
        data.strip(_BLANKS),
        trust=trust,
        at=at,
        expected_audience=known.expected_audience,
        allow_test=known.allow_test,
    )


def _acknowledgement(data: bytes, trust: Trust, _at: datetime, known: Expectations) -> Evidence:
    _refuse_without_log(known, "an acknowledgement has no log proof")
    token = data.strip(_BLANKS).decode("ascii")
    return verify_acknowledgement(
        token,
        trust=trust,
        expected_body_sha256=_statement_sha256(token, known.expected_statement),
        allow_test=known.allow_test,
    )


def _proof_file(data: bytes, trust: Trust, _at: datetime, known: Expectations) -> Evidence:
    if known.expected_entry is None:
        raise ConfigurationError(
            "a proof file does not hold the entry that it is of: say it with --entry HEX"
        )
    proof = parse_proof(data)
    side = _side(proof.checkpoint, known)
    signed = verify_proof(
        proof,
        expected_entry=known.expected_entry,
        policy=known.policy or log_policy(proof, trust=trust, livemode=side),
    )
    return ProvenEntry(index=proof.index, entry=known.expected_entry, signed=signed)


def _checkpoint(data: bytes, trust: Trust, _at: datetime, known: Expectations) -> Evidence:
    origin = parse_checkpoint(parse_note(data).text).origin
    policy = known.policy or origin_policy(origin, trust=trust, livemode=_side(data, known))
    return policy.check(data)


def _side(checkpoint: bytes, known: Expectations) -> bool:
    """The side of a log by its origin, which its key vouches for; the test side only where it is allowed."""
    livemode = not is_of_test_log(parse_checkpoint(parse_note(checkpoint).text).origin)
    if not livemode and not known.allow_test:
        raise UntrustedError("checkpoint is of the test side, and allow_test was not said")
    return livemode


def is_of_test_log(origin: str) -> bool:
    """Whether an origin is that of a registry's test log."""
    return f"{origin}/".partition("/log/")[2].startswith("test/")


def _refuse_without_log(known: Expectations, why: str) -> None:
    if known.policy is not None:
        raise UntrustedError(f"a policy was given, and {why}")


def _statement_sha256(token: str, statement: bytes | None) -> str:
    """The digest to hold an acknowledgement against: of the statement given, else the one that it names itself."""
    if statement is not None:
        return parse_envelope(statement).body_sha256
    payload = parse(jws.parse_compact(token).payload_bytes)
    named = payload.get("body_sha256") if isinstance(payload, dict) else None
    return named if isinstance(named, str) else ""


_BLANKS = b" \t\r\n"


def _is_object(data: bytes) -> bool:
    return data.lstrip(_BLANKS).startswith(b"{")


def _has_schema(schema: str) -> Callable[[bytes], bool]:
    def is_one(data: bytes) -> bool:
        if not _is_object(data):
            return False
        try:
            value = parse(data, max_bytes=MAX_DOCUMENT_BYTES)
        except SigningError:
            return False
        return isinstance(value, dict) and value.get("schema") == schema

    return is_one


def _token(data: bytes) -> str | None:
    """What has the form of a compact token; a deferred receipt begins with one, the root that it rests on."""
    text = data.strip(_BLANKS)
    if text.startswith(b"{") or text.count(b".") != 2 or not text.isascii():
        return None
    return text.decode("ascii").partition("~")[0]


def _typ(token: str) -> JSON:
    """What a token says it is. Raises MalformedError where it is none."""
    return jws.parse_compact(token, max_bytes=MAX_RECEIPT_BYTES).header.get("typ")


def _is_token(*types: str) -> Callable[[bytes], bool]:
    def is_one(data: bytes) -> bool:
        token = _token(data)
        try:
            return token is not None and _typ(token) in types
        except SigningError:
            return False

    return is_one


# What is looked at first decides. A malformed JSON text is refused as a package, which is what people keep.
KINDS = (
    Kind(name="evidence bundle", is_one=lambda data: data.startswith(b"PK\3\4"), verify=_bundle),
    Kind(name="proof file", is_one=lambda data: data.startswith(HEADER.encode()), verify=_proof_file),
    Kind(name="checkpoint", is_one=lambda data: "\n\n\N{EM DASH} ".encode() in data, verify=_checkpoint),
    Kind(name="receipt proof", is_one=_has_schema(RECEIPT_PROOF), verify=_receipt_proof),
    Kind(name="grant package", is_one=_is_object, verify=_package),
    Kind(name="receipt", is_one=_is_token(RECEIPT, BATCH_RECEIPT, LEDGER_ROOT), verify=_receipt),
    Kind(name="acknowledgement", is_one=_is_token(ACKNOWLEDGEMENT), verify=_acknowledgement),
)
