"""Merkle trees, held against other people's cases and against the definition of RFC 6962, written out naively."""

import hashlib
import json
import random
from base64 import b64decode
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from signing.errors import SigningError
from signing.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parents[1] / "vectors" / "merkle"


def _cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (VECTORS / name).read_text().splitlines()]


def _hashes(texts: list[str] | None) -> list[bytes]:
    return [b64decode(text) for text in texts or []]


@pytest.mark.parametrize("case", _cases("inclusion.jsonl"), ids=lambda case: case["case"])
def test_inclusion_cases_of_others(case: dict[str, Any]) -> None:
    given = {
        "index": case["leafIdx"],
        "size": case["treeSize"],
        "leaf": b64decode(case["leafHash"] or ""),
        "proof": _hashes(case["proof"]),
        "root": b64decode(case["root"] or ""),
    }
    if case["wantErr"]:
        with pytest.raises(SigningError):
            verify_inclusion(**given)
    else:
        verify_inclusion(**given)


@pytest.mark.parametrize("case", _cases("consistency.jsonl"), ids=lambda case: case["case"])
def test_consistency_cases_of_others(case: dict[str, Any]) -> None:
    given = {
        "first": case["size1"],
        "second": case["size2"],
        "proof": _hashes(case["proof"]),
        "first_root": b64decode(case["root1"] or ""),
        "second_root": b64decode(case["root2"] or ""),
    }
    if case["wantErr"]:
        with pytest.raises(SigningError):
            verify_consistency(**given)
    else:
        verify_consistency(**given)


def test_the_roots_that_everybody_knows() -> None:
    known = json.loads((VECTORS / "rfc6962-known-roots.json").read_text())
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in known["leaves_hex"]]
    assert [tree_root(leaves[:size]).hex() for size in range(len(leaves) + 1)] == known["root_of_first_n_hex"]


def _naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(_naive_root(leaves[:split]), _naive_root(leaves[split:]))


LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(1000)]


def test_the_root_is_the_definitions_for_every_size_up_to_a_thousand() -> None:
    assert tree_root([]) == EMPTY_ROOT
    for size in range(1, 1001):
        assert tree_root(LEAVES[:size]) == _naive_root(LEAVES[:size])


def test_every_leaf_of_every_small_tree_is_proven_and_at_no_other_place() -> None:
    for size in [*range(1, 34), 100, 255, 256, 257, 1000]:
        leaves = LEAVES[:size]
        root = tree_root(leaves)
        for index in range(size) if size < 34 else (0, 1, size // 2, size - 2, size - 1):
            proof = inclusion_proof(index, leaves)
            given = {"size": size, "proof": proof, "root": root}
            verify_inclusion(index=index, leaf=leaves[index], **given)
            for wrong in {index - 1, index + 1} & set(range(size)):
                with pytest.raises(SigningError):
                    verify_inclusion(index=wrong, leaf=leaves[index], **given)
            with pytest.raises(SigningError):
                verify_inclusion(index=index, leaf=leaf_hash(b"another"), **given)
            with pytest.raises(SigningError):
                verify_inclusion(
                    index=index, leaf=leaves[index], size=size, proof=[*proof, bytes(32)], root=root
                )
            if proof:
                with pytest.raises(SigningError):
                    verify_inclusion(index=index, leaf=leaves[index], size=size, proof=proof[:-1], root=root)


def test_every_beginning_of_a_tree_is_proven_and_no_other_tree_is() -> None:
    sizes = [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 64, 100, 1000]
    for first, second in [(a, b) for a in sizes for b in sizes if a <= b]:
        proof = consistency_proof(first, LEAVES[:second])
        given = {
            "first": first,
            "second": second,
            "first_root": tree_root(LEAVES[:first]),
            "second_root": tree_root(LEAVES[:second]),
        }
        verify_consistency(proof=proof, **given)
        with pytest.raises(SigningError):
            verify_consistency(proof=[*proof, bytes(32)], **given)
        if first != second:
            other = tree_root([*LEAVES[: first - 1], leaf_hash(b"another")])
            with pytest.raises(SigningError):
                verify_consistency(proof=proof, **{**given, "first_root": other})


def test_random_sizes_up_to_a_hundred_thousand() -> None:
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(100_000)]
    chosen = random.Random(11)
    for size in (chosen.randrange(1001, 100_000) for _ in range(3)):
        some, root = leaves[:size], tree_root(leaves[:size])
        assert root == _naive_root(some)
        index = chosen.randrange(size)
        verify_inclusion(
            index=index, size=size, leaf=leaves[index], proof=inclusion_proof(index, some), root=root
        )
        first = chosen.randrange(1, size)
        verify_consistency(
            first=first,
            second=size,
            proof=consistency_proof(first, some),
            first_root=tree_root(leaves[:first]),
            second_root=root,
        )


def test_a_leaf_never_passes_as_a_node() -> None:
    for left, right in pairwise(LEAVES[:10]):
        assert leaf_hash(left + right) != node_hash(left, right)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(3, LEAVES[:3])
    with pytest.raises(IndexError):
        consistency_proof(4, LEAVES[:3])
    with pytest.raises(IndexError):
        consistency_proof(0, LEAVES[:3])
