"""What the log commits to of the ledger: lists of segments under one root, each after the one before (SPEC §13)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from signing.bodies.fields import Check, fail, integer, pattern, record, sha256, text
from signing.canonical import JSON, canonicalize, parse_canonical, sha256_hex
from signing.errors import MalformedError, SignatureError
from signing.ledger_record import LedgerRecord, read_record
from signing.ledger_root import MAX_SEGMENT, MAX_SEGMENT_RECORDS
from signing.merkle import leaf_hash, proof_in_levels, tree_levels, tree_root, verify_inclusion

KIND = "ledger.committed"  # of the event whose entry stands in the log
MAX_SEGMENTS = 10_000  # of one list
MAX_LINE_BYTES = 1024
NO_PREVIOUS = "0" * 64
_SEGMENT: dict[str, Check] = {
    "boot": pattern(re.compile(r"[0-9a-f]{12}", re.ASCII), "boot", "12 lower-case hex digits"),
    "chain": sha256,
    "count": integer(1, MAX_SEGMENT_RECORDS),
    "first": integer(0),
    "node": text(100),
    "object": sha256,
    "root": sha256,
    "segment": integer(0, MAX_SEGMENT - 1),
}
_BODY: dict[str, Check] = {
    "count": integer(1, MAX_SEGMENTS),
    "list": sha256,
    "number": integer(0),
    "previous": sha256,
    "root": sha256,
}
_segment, _body = record(_SEGMENT), record(_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedSegment:
    """A segment as a list names it: `count` records from the `first` of a boot on, under `root`.

    `chain` is the hash chain's end, `object` the SHA-256 of the segment's file. Hashes are lower-case hex.
    """

    node: str
    boot: str
    segment: int
    first: int
    count: int
    root: str
    chain: str
    object: str

    def to_bytes(self) -> bytes:
        """Its line without the end: also the entry of its leaf."""
        return canonicalize({name: getattr(self, name) for name in _SEGMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCommitment:
    """The body of an event: a list of `count` segments by its SHA-256 and its Merkle root, the `number`-th of its side.

    `previous` is the SHA-256 of the body before, 64 zeros in the first.
    """

    number: int
    count: int
    list: str
    root: str
    previous: str

    def to_body(self) -> dict[str, JSON]:
        """The members of the body."""
        return {name: getattr(self, name) for name in _BODY}

    @property
    def digest(self) -> str:
        """What the next one names as its `previous`."""
        return sha256_hex(canonicalize(self.to_body()))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedRecord:
    """A record with its two ways up: to its segment's root, and from the segment to the commitment's.

    `index` is the segment's place in the list; paths are hashes of 32 bytes, the lowest first.
    """

    record: bytes
    record_path: tuple[bytes, ...]
    segment: CommittedSegment
    index: int
    segment_path: tuple[bytes, ...]


def write_list(segments: Sequence[CommittedSegment]) -> bytes:
    """The list of these segments, in its one order; it is read back first.

    Raises:
        MalformedError: none or too many, one twice, or one that breaks a rule.
    """
    ordered = sorted(segments, key=lambda each: (each.boot, each.segment))
    data = b"".join(each.to_bytes() + b"\n" for each in ordered)
    read_list(data)
    return data


def read_list(data: bytes) -> tuple[CommittedSegment, ...]:
    """The segments of a list.

    Raises:
        MalformedError: with the line at fault, counted from 1.
    """
    lines = data.split(b"\n")
    if lines.pop() != b"" or not 1 <= len(lines) <= MAX_SEGMENTS:
        raise MalformedError(
            f"list of segments has {len(lines)} whole lines",
            rule="list",
            expected=f"1 to {MAX_SEGMENTS}, each with its end",
        )
    found: list[CommittedSegment] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_read_segment(line))
        except MalformedError as exc:
            raise exc.under(f"/{number}") from exc
        if number > 1 and (found[-2].boot, found[-2].segment) >= (found[-1].boot, found[-1].segment):
            fail("segments out of order, or one twice", f"/{number}", "order", "by boot and number")
    return tuple(found)


def commit_list(data: bytes, *, number: int, previous: str) -> LedgerCommitment:
    """The commitment to a list.

    Raises:
        MalformedError: the list, or a value, breaks a rule.
    """
    leaves = _leaves(read_list(data))
    made = LedgerCommitment(
        number=number,
        count=len(leaves),
        list=hashlib.sha256(data).hexdigest(),
        root=tree_root(leaves).hex(),
        previous=previous,
    )
    return read_commitment(made.to_body())


def read_commitment(body: JSON) -> LedgerCommitment:
    """The commitment that an event's body is.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _body(body, "")
    members = cast("dict[str, JSON]", body)
    if (members["number"] == 0) != (members["previous"] == NO_PREVIOUS):
        fail("only the first commitment has none before it", "/previous", "previous", NO_PREVIOUS)
    return LedgerCommitment(
        number=cast("int", members["number"]),
        count=cast("int", members["count"]),
        list=cast("str", members["list"]),
        root=cast("str", members["root"]),
        previous=cast("str", members["previous"]),
    )


def check_list(data: bytes, *, expected: LedgerCommitment) -> tuple[CommittedSegment, ...]:
    """The segments of the very list that was committed to.

    Raises:
        MalformedError: it is no list.
        SignatureError: it is another one.
    """
    segments = read_list(data)
    if commit_list(data, number=expected.number, previous=expected.previous) != expected:
        raise SignatureError(f"this is not the list of ledger commitment {expected.number}")
    return segments


def segment_path(segments: Sequence[CommittedSegment], index: int) -> tuple[bytes, ...]:
    """The way from a segment of a list to its root. IndexError if there is no such segment."""
    return tuple(proof_in_levels(index, tree_levels(_leaves(segments))))


def verify_committed(
    proof: CommittedRecord, *, expected: LedgerCommitment, issuer: str, livemode: bool
) -> LedgerRecord:
    """The record, once it is proven to be under this commitment.

    That the commitment itself is in the log is proven by its event: its entry is one of the log's leaves (SPEC §8).

    Raises:
        MalformedError: a part is not in its form, or stands at no place of its tree.
        SignatureError: a path leads elsewhere.
    """
    segment = _read_segment(proof.segment.to_bytes())
    verify_inclusion(
        index=proof.index,
        size=expected.count,
        leaf=leaf_hash(segment.to_bytes()),
        proof=proof.segment_path,
        root=bytes.fromhex(expected.root),
    )
    found = read_record(proof.record, issuer=issuer, livemode=livemode, node=segment.node)
    verify_inclusion(
        index=found.n - segment.first,
        size=segment.count,
        leaf=leaf_hash(hashlib.sha256(proof.record).digest()),
        proof=proof.record_path,
        root=bytes.fromhex(segment.root),
    )
    return found


def _leaves(segments: Sequence[CommittedSegment]) -> list[bytes]:
    return [leaf_hash(each.to_bytes()) for each in segments]


def read_segment(value: JSON, pointer: str = "") -> CommittedSegment:
    """The segment of a line's members.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _segment(value, pointer)
    return CommittedSegment(**cast("dict[str, str]", value))  # type: ignore[arg-type]  # its very members


def _read_segment(line: bytes) -> CommittedSegment:
    return read_segment(parse_canonical(line, max_bytes=MAX_LINE_BYTES))
