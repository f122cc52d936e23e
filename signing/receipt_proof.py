"""Receipt proofs: one file that shows, from the log alone, what was decided (SPEC §13.4).

A receipt rests on a process key that a receipt key certified. This rests on no key but the log's: the ledger's record,
its way to a commitment of the history, and that commitment's entry in the log. It proves the receipt long after its
keys were retired, or lost.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from signing.bodies.fields import Check, constant, fail, integer, record
from signing.canonical import JSON, canonicalize, parse, parse_statement
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError, UntrustedError
from signing.instants import format_instant
from signing.ledger_commitment import (
    KIND,
    MAX_SEGMENTS,
    CommittedRecord,
    LedgerCommitment,
    read_commitment,
    read_segment,
    verify_committed,
)
from signing.ledger_record import MAX_RECORD_BYTES
from signing.logged_event import LoggedEvent, VerifiedEvent, read_logged, verify_logged, write_logged
from signing.merkle import HASH_BYTES
from signing.receipt import Receipt, verify_receipt
from signing.tlog_policy import Policy
from signing.trust import Trust

SCHEMA = "consent-registry/receipt-proof/v1"
MAX_RECEIPT_PROOF_BYTES = 34 << 20  # a record in base64, the receipt of the same record, and the log's proof
MAX_PATH_HASHES = 64
CLOCK_SKEW = timedelta(seconds=60)  # law page §B.7 "Failure": a clock further off is an error


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptProof:
    """A receipt proof as read, nothing of it verified. `receipt` is the token that it came with, if it is enclosed."""

    committed: CommittedRecord
    logged: LoggedEvent
    receipt: str | None = None

    def with_receipt(self, token: str) -> "ReceiptProof":
        """The same with the receipt that its asker keeps."""
        return ReceiptProof(committed=self.committed, logged=self.logged, receipt=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenReceipt:
    """What was decided, as the log holds it. `receipt` is the enclosed one where there is one, else as the ledger says
    it, in which nonce, questions and rows are salted. `signed` is whether an enclosed receipt's signature was
    verified too."""

    receipt: Receipt
    commitment: LedgerCommitment
    logged: VerifiedEvent
    signed: bool


def parse_receipt_proof(data: bytes) -> ReceiptProof:
    """The receipt proof of a JSON text.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    value = parse_statement(data, max_bytes=MAX_RECEIPT_PROOF_BYTES)
    _PROOF(value, "")
    members = cast("dict[str, JSON]", value)
    receipt = members.get("receipt")
    return ReceiptProof(
        committed=CommittedRecord(
            record=unb64u(str(members["record"]), pointer="/record"),
            record_path=_path(members, "record_path"),
            segment=read_segment(members["segment"], "/segment"),
            index=cast("int", members["index"]),
            segment_path=_path(members, "segment_path"),
        ),
        logged=read_logged(members["log"], "/log"),
        receipt=None if receipt is None else str(receipt),
    )


def format_receipt_proof(proof: ReceiptProof) -> bytes:
    """The RFC 8785 bytes of a receipt proof."""
    committed = proof.committed
    document: dict[str, JSON] = {
        "schema": SCHEMA,
        "record": b64u(committed.record),
        "record_path": b64u(b"".join(committed.record_path)),
        "segment": cast("dict[str, JSON]", parse(committed.segment.to_bytes())),
        "index": committed.index,
        "segment_path": b64u(b"".join(committed.segment_path)),
        "log": write_logged(proof.logged),
    }
    if proof.receipt is not None:
        document["receipt"] = proof.receipt
    return canonicalize(document)


def verify_receipt_proof(
    data: bytes,
    *,
    trust: Trust,
    at: datetime,
    expected_audience: str | None,
    allow_test: bool = False,
    policy: Policy | None = None,
) -> ProvenReceipt:
    """Verify a receipt proof with nothing but a trust file, and the checkpoint under `policy` where there is one.

    `expected_audience` is the organization that asked; None, to be typed out, takes any.

    Raises:
        MalformedError: not a receipt proof.
        SignatureError: a path leads elsewhere, or a signature does not hold.
        UntrustedError: the checkpoint is not borne out, another audience, decided later than `at` or than it was
            committed to, of the test side without `allow_test`, or the enclosed receipt says something else.
    """
    proof = parse_receipt_proof(data)
    livemode = proof.logged.event.get("livemode") is not False
    if not livemode and not allow_test:
        raise UntrustedError("receipt is of the test side, and allow_test was not said")
    try:
        logged = verify_logged(
            proof.logged, trust=trust, policy=policy, expected_kind=KIND, expected_livemode=livemode
        )
        commitment = _commitment(logged)
    except MalformedError as exc:
        raise exc.under("/log") from exc
    found = verify_committed(
        proof.committed, expected=commitment, issuer=trust.issuer(livemode), livemode=livemode
    ).receipt
    if found.issued_at > logged.at + CLOCK_SKEW:
        raise UntrustedError(
            f"decision of {format_instant(found.issued_at)} is younger than its commitment of"
            f" {format_instant(logged.at)}"
        )
    if found.issued_at > at + CLOCK_SKEW:
        raise UntrustedError(f"receipt was issued later than now, at {format_instant(found.issued_at)}")
    if expected_audience is not None and found.audience != expected_audience:
        raise UntrustedError(f"receipt was given to {found.audience!r}, expected {expected_audience!r}")
    if proof.receipt is not None:
        enclosed = verify_receipt(
            proof.receipt, trust=trust, at=at, expected_audience=found.audience, allow_test=allow_test
        )
        if _as_kept(enclosed, found) != found:
            raise UntrustedError("enclosed receipt says something else than the record in the log")
        found = enclosed
    return ProvenReceipt(
        receipt=found, commitment=commitment, logged=logged, signed=proof.receipt is not None
    )


def _commitment(logged: VerifiedEvent) -> LedgerCommitment:
    try:
        return read_commitment(dict(logged.body))
    except MalformedError as exc:
        raise exc.under("/event/body") from exc


def _as_kept(enclosed: Receipt, kept: Receipt) -> Receipt:
    """The enclosed receipt as the ledger would say it: salted as the record is."""
    if enclosed.salt is not None:
        return enclosed
    items = tuple(
        replace(
            each,
            req_sha256=kept.salted(each.req_sha256),
            row=None if each.row is None else kept.salted(each.row),
        )
        for each in enclosed.items
    )
    nonce = None if enclosed.nonce is None else kept.salted(enclosed.nonce)
    return replace(enclosed, nonce=nonce, items=items, salt=kept.salt)


def _path(members: dict[str, JSON], name: str) -> tuple[bytes, ...]:
    data = unb64u(str(members[name]), pointer=f"/{name}")
    if len(data) % HASH_BYTES or len(data) > MAX_PATH_HASHES * HASH_BYTES:
        fail("not a list of hashes", f"/{name}", "length", f"32 bytes each, at most {MAX_PATH_HASHES}")
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def _text(longest: int) -> Check:
    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, str) or not value.isascii() or len(value) > longest:
            fail("not an accepted text", pointer, "length", f"ASCII, at most {longest} characters")

    return check


def _any(value: JSON, pointer: str) -> None:
    """Checked by the reader of that part."""


_base64 = _text(MAX_RECORD_BYTES * 4 // 3 + 4)
_PROOF: Check = record(
    {
        "schema": constant(SCHEMA),
        "record": _base64,
        "record_path": _base64,
        "segment": _any,
        "index": integer(0, MAX_SEGMENTS - 1),
        "segment_path": _base64,
        "log": _any,
    },
    {"receipt": _text(16 << 20)},
)
