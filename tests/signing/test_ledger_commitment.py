"""A list of segments has one spelling and one root; a record is under it or is refused (SPEC §13)."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signing.commitment import check_opening, entry
from signing.errors import MalformedError, SignatureError, SigningError
from signing.ledger_commitment import (
    MAX_SEGMENTS,
    NO_PREVIOUS,
    CommittedRecord,
    CommittedSegment,
    LedgerCommitment,
    check_list,
    commit_list,
    read_commitment,
    read_list,
    segment_path,
    verify_committed,
    write_list,
)
from signing.ledger_record import LedgerRecord
from signing.merkle import inclusion_proof, leaf_hash, tree_root
from tests.signing.ledger_samples import FIRST, written
from tests.signing.samples import ISSUERS, NODE

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ledger-commitment" / "cases.json").read_text())


def segment(number: int, records: tuple[bytes, ...] = (b"x",), **changes: Any) -> CommittedSegment:
    """The segment of that number, of these records."""
    leaves = [leaf_hash(hashlib.sha256(each).digest()) for each in records]
    made = CommittedSegment(
        node=NODE,
        boot="0b" * 6,
        segment=number,
        first=FIRST,
        count=len(records),
        root=tree_root(leaves).hex(),
        chain="11" * 32,
        object="22" * 32,
    )
    return replace(made, **changes)


def proven(count: int = 5, place: int = 2) -> tuple[CommittedRecord, LedgerCommitment]:
    """The proof of one of several records in one of several segments."""
    records = tuple(written(3))
    segments = read_list(
        write_list([segment(at, records if at == place else (b"x",)) for at in range(count)])
    )
    commitment = commit_list(write_list(segments), number=0, previous=NO_PREVIOUS)
    leaves = [leaf_hash(hashlib.sha256(each).digest()) for each in records]
    proof = CommittedRecord(
        record=records[1],
        record_path=tuple(inclusion_proof(1, leaves)),
        segment=segments[place],
        index=place,
        segment_path=segment_path(segments, place),
    )
    return proof, commitment


def verify(proof: CommittedRecord, commitment: LedgerCommitment) -> LedgerRecord:
    """As the live side's."""
    return verify_committed(proof, expected=commitment, issuer=ISSUERS[True], livemode=True)


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["name"])
def test_the_vectors_have_these_roots_and_digests(case: Any) -> None:
    data = case["list"].encode()
    found = commit_list(data, number=case["body"]["number"], previous=case["body"]["previous"])
    assert found.to_body() == case["body"] and found.digest == case["digest"]
    assert write_list(read_list(data)) == data
    assert check_list(data, expected=read_commitment(case["body"])) == read_list(data)
    salt = bytes.fromhex(case["salt"])
    check_opening(bytes.fromhex(case["entry"]), event=case["event"], salt=salt)
    assert case["event"]["body"] == case["body"] and entry(case["event"], salt).hex() == case["entry"]


@pytest.mark.parametrize("case", VECTORS["refused_lists"], ids=lambda case: case["name"])
def test_a_list_in_any_other_spelling_is_refused_with_its_line(case: Any) -> None:
    with pytest.raises(MalformedError) as caught:
        read_list(case["list"].encode())
    assert (caught.value.rule, caught.value.pointer) == (case["rule"], case["pointer"])


@pytest.mark.parametrize("case", VECTORS["refused_bodies"], ids=lambda case: case["name"])
def test_a_body_with_a_member_at_fault_is_refused_by_its_pointer(case: Any) -> None:
    with pytest.raises(MalformedError) as caught:
        read_commitment(case["body"])
    assert caught.value.pointer == case["pointer"]


def test_a_list_is_written_in_one_order_and_holds_no_segment_twice() -> None:
    assert [each.segment for each in read_list(write_list([segment(2), segment(0), segment(1)]))] == [0, 1, 2]
    with pytest.raises(MalformedError, match="twice"):
        write_list([segment(1), segment(1)])
    with pytest.raises(MalformedError, match="whole lines"):
        write_list([])
    with pytest.raises(MalformedError, match="whole lines"):
        read_list(segment(0).to_bytes() * (MAX_SEGMENTS + 1))


def test_another_list_than_the_committed_one_is_refused() -> None:
    data = write_list([segment(0), segment(1)])
    expected = commit_list(data, number=0, previous=NO_PREVIOUS)
    with pytest.raises(SignatureError):
        check_list(write_list([segment(0), segment(2)]), expected=expected)
    with pytest.raises(SignatureError):
        check_list(data, expected=replace(expected, count=3))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_a_record_is_proven_wherever_its_segment_stands(count: int) -> None:
    for place in range(count):
        found = verify(*proven(count, place))
        assert found.n == FIRST + 1 and found.receipt.livemode


@pytest.mark.parametrize(
    "swap",
    [
        lambda proof, _: replace(proof, record=written(3)[0]),
        lambda proof, _: replace(proof, record=proof.record[:-1]),
        lambda proof, _: replace(proof, record_path=proof.record_path[:-1]),
        lambda proof, _: replace(proof, record_path=(bytes(32), *proof.record_path[1:])),
        lambda proof, _: replace(proof, segment_path=(*proof.segment_path, bytes(32))),
        lambda proof, _: replace(proof, index=proof.index + 1),
        lambda proof, _: replace(proof, index=-1),
        lambda proof, _: replace(proof, segment=replace(proof.segment, first=FIRST - 1)),
        lambda proof, _: replace(proof, segment=replace(proof.segment, object="33" * 32)),
        lambda proof, _: replace(proof, segment=replace(proof.segment, boot="not hex")),
    ],
)
def test_a_proof_with_any_part_swapped_is_refused(swap: Any) -> None:
    proof, commitment = proven()
    with pytest.raises(SigningError):
        verify(swap(proof, commitment), commitment)


def test_a_proof_under_another_commitment_is_refused() -> None:
    proof, commitment = proven()
    for other in (replace(commitment, root="44" * 32), replace(commitment, count=4), proven(6)[1]):
        with pytest.raises(SigningError):
            verify(proof, other)
