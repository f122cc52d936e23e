"""A small log of events, and what rests on it: packages with their proof, receipts with theirs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from signing.canonical import JSON
from signing.checkpoint import Checkpoint
from signing.commitment import entry
from signing.cosignature import cosign, cosigner_key
from signing.instants import format_instant
from signing.ledger_commitment import (
    KIND,
    NO_PREVIOUS,
    CommittedRecord,
    CommittedSegment,
    commit_list,
    segment_path,
    write_list,
)
from signing.ledger_root import parse_ledger_receipt
from signing.logged_event import SCHEMA, LoggedEvent
from signing.merkle import inclusion_proof, leaf_hash, tree_root
from signing.note import NoteSigner, parse_note
from signing.package import SIGNED, format_package, parse_package
from signing.receipt_proof import ReceiptProof
from signing.signed_checkpoint import sign_checkpoint
from signing.tlog_policy import Policy, PolicyLog, PolicyWitness
from signing.tlog_proof import TlogProof
from tests.signing.ledger_samples import FIRST, ledger
from tests.signing.samples import ISSUERS, NODE, NOW, an_id, key, package, signer

WITNESS, WITNESS_NAME = key(300), "witness.example"
SEEN = int(NOW.timestamp())
INDEX = 40  # of the event; the countersignature of `package` says so
SIZE = 43


def salt(number: int) -> bytes:
    """The same salt for the same number."""
    return hashlib.sha256(b"salt %d" % number).digest()


def event(kind: str, body: Mapping[str, JSON], *, livemode: bool = True, **changes: Any) -> dict[str, Any]:
    """An event of the history."""
    made = {
        "at": format_instant(NOW),
        "body": dict(body),
        "id": an_id("evt"),
        "kind": kind,
        "livemode": livemode,
        "schema": SCHEMA,
    }
    return made | changes


def origin(*, livemode: bool = True) -> str:
    """The log of one side."""
    return f"{urlsplit(ISSUERS[livemode]).netloc}/log/{'live' if livemode else 'test'}"


def log_signer(*, livemode: bool = True, name: str | None = None, seed: int | None = None) -> NoteSigner:
    """The published log key of one side."""
    return NoteSigner.for_log(
        signer("log", livemode=livemode, seed=seed), origin=name or origin(livemode=livemode)
    )


def policy(*, livemode: bool = True, quorum: str = "guild") -> Policy:
    """The log of one side, and one witness that must have cosigned."""
    witness = PolicyWitness(name="guild", key=cosigner_key(WITNESS_NAME, WITNESS))
    logs = (PolicyLog(key=log_signer(livemode=livemode).verifier),)
    return Policy(logs=logs, witnesses=(witness,), groups=(), quorum=quorum)


def logged(
    said: Mapping[str, Any], *, by: NoteSigner | None = None, index: int = INDEX, witnessed: bool = True
) -> LoggedEvent:
    """The event as the `index`-th of a log of `SIZE` entries."""
    entries = [entry(event("filler.event", {"n": at}), salt(at)) for at in range(SIZE)]
    entries[index] = entry(said, salt(index))
    leaves = [leaf_hash(each) for each in entries]
    signing = by or log_signer(livemode=said["livemode"])
    checkpoint = Checkpoint(origin=signing.name, size=SIZE, root=tree_root(leaves))
    note = sign_checkpoint(checkpoint, signing)
    if witnessed:
        cosigned = cosign(checkpoint.text(), name=WITNESS_NAME, key=WITNESS, time=SEEN)
        note = parse_note(note).with_signatures([cosigned]).format()
    proof = TlogProof(index=index, hashes=tuple(inclusion_proof(index, leaves)), checkpoint=note)
    return LoggedEvent(tlog_proof=proof.format().decode(), event=said, salt=salt(index))


def with_proof(data: bytes, **changes: Any) -> bytes:
    """The package with the log's proof of its signing; `changes` are of `logged`, and `body` of the event's body."""
    read = parse_package(data)
    body = {
        "grant": read.envelope.body["id"],
        "grant_sha256": read.envelope.body_sha256,
        "performer": read.envelope.body["performer"],
        "state": "signed",
    } | changes.pop("body", {})
    said = changes.pop("event", None) or event(SIGNED, body, livemode=read.envelope.livemode)
    return format_package(replace(read, proof=logged(said, **changes)))


def logged_package(*, livemode: bool = True) -> bytes:
    """A package with its proof."""
    return with_proof(package(livemode=livemode), index=INDEX)


def receipt_proof(
    records: Sequence[bytes], at: int, *, livemode: bool = True, said_at: timedelta = timedelta(seconds=20)
) -> tuple[ReceiptProof, str]:
    """The proof of the `at`-th record of a segment that a commitment names, and its deferred receipt."""
    receipt = ledger(*records, livemode=livemode)[at]
    leaves = [leaf_hash(hashlib.sha256(each).digest()) for each in records]
    segments = tuple(
        CommittedSegment(
            node=NODE,
            boot="0b" * 6,
            segment=number,
            first=FIRST,
            count=len(records),
            root=tree_root(leaves).hex(),
            chain="11" * 32,
            object="22" * 32,
        )
        for number in (3, 4, 5)
    )
    commitment = commit_list(write_list(segments), number=0, previous=NO_PREVIOUS)
    said = event(KIND, commitment.to_body(), livemode=livemode, at=format_instant(NOW + said_at))
    parts = parse_ledger_receipt(receipt)
    committed = CommittedRecord(
        record=parts.record,
        record_path=parts.proof,
        segment=segments[0],
        index=0,
        segment_path=segment_path(segments, 0),
    )
    return ReceiptProof(committed=committed, logged=logged(said)), receipt
