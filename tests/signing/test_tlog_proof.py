"""Proof files: made of a log's tiles, read back, and refused in any other form."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.checkpoint import Checkpoint
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.keys import PrivateKey
from signing.merkle import inclusion_proof, leaf_hash, tree_root
from signing.note import NoteSigner
from signing.signed_checkpoint import sign_checkpoint
from signing.tlog_policy import Policy
from signing.tlog_proof import TlogProof, parse_proof, verify_proof

LOG = NoteSigner(name="example.com/log", key=PrivateKey(bytes(range(32))))
POLICY = Policy.of_log(LOG.verifier)
ENTRIES = [b"entry %d" % number for number in range(11)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
NOTE = sign_checkpoint(Checkpoint(origin=LOG.name, size=11, root=tree_root(LEAVES)), LOG)


def _proof(index: int, extra: bytes | None = None) -> TlogProof:
    return TlogProof(index=index, hashes=tuple(inclusion_proof(index, LEAVES)), checkpoint=NOTE, extra=extra)


@pytest.mark.parametrize("extra", [None, b"", b"out of band"])
def test_a_proof_is_read_back_and_leads_to_its_checkpoint(extra: bytes | None) -> None:
    for index, entry in enumerate(ENTRIES):
        proof = parse_proof(_proof(index, extra).format())
        assert proof == _proof(index, extra)
        assert verify_proof(proof, expected_entry=entry, policy=POLICY).checkpoint.size == 11


def test_a_proof_holds_for_its_entry_and_place_only() -> None:
    with pytest.raises(SignatureError, match="not number 3 of"):
        verify_proof(_proof(3), expected_entry=ENTRIES[4], policy=POLICY)
    for broken in (replace(_proof(3), index=2), replace(_proof(3), hashes=_proof(3).hashes[:-1])):
        with pytest.raises(SignatureError):
            verify_proof(broken, expected_entry=ENTRIES[3], policy=POLICY)
    with pytest.raises(MalformedError):
        verify_proof(replace(_proof(3), index=11), expected_entry=ENTRIES[3], policy=POLICY)
    other = NoteSigner(name="example.com/log", key=PrivateKey(bytes(range(1, 33))))
    with pytest.raises(UntrustedError):
        verify_proof(_proof(3), expected_entry=ENTRIES[3], policy=Policy.of_log(other.verifier))


TEXT = _proof(3, b"x").format()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"c2sp.org", b"\xc2\xa0"),
        (b"extra eA==\n", b"extra eB==\n"),
        (b"extra eA==\n", b"extra\n"),
        (b"extra eA==\n", b"extra eA==\nextra eA==\n"),
        (b"extra eA==\n", b"extras eA==\n"),
        (b"index 3\n", b"index 03\n"),
        (b"index 3\n", b"index -3\n"),
        (b"index 3\n", b"\n"),
        (b"index 3\n", b"index 3\n" + b"A" * 43 + b"=\n" * 60 + b"=\n"),
        (b"index 3\n", b"index 3\nAAAA\n"),
        (b"\n\n", b"\n"),
        (b"\n", b"\r\n"),
        (NOTE, b""),
    ],
)
def test_proofs_in_another_form_are_refused(old: bytes, new: bytes) -> None:
    assert old in TEXT
    with pytest.raises(MalformedError):
        parse_proof(TEXT.replace(old, new))


def test_a_proof_has_bounds() -> None:
    hashes = (bytes(32),) * 63
    assert parse_proof(replace(_proof(3), hashes=hashes).format()).hashes == hashes
    with pytest.raises(MalformedError, match="64 hashes"):
        parse_proof(replace(_proof(3), hashes=(*hashes, bytes(32))).format())
    with pytest.raises(MalformedError, match="extra data has"):
        parse_proof(replace(_proof(3), extra=bytes((1 << 16) + 1)).format())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_anything_but_our_errors(data: bytes) -> None:
    for attempt in (data, b"c2sp.org/tlog-proof@v1\n" + data, TEXT[:60] + data):
        with suppress(SigningError):
            assert parse_proof(attempt).format() == attempt
