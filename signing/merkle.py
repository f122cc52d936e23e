"""Merkle trees of transparency logs (SPEC §11; RFC 6962 §2.1, RFC 9162 §2.1).

Leaves and inner nodes are hashed under different first bytes, so that no node can pass as a leaf. Sizes and
indexes are numbers of leaves, hashes 32 bytes.
"""

import hashlib
from collections.abc import Sequence

from signing.errors import MalformedError, SignatureError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 6962 §2.1: the hash of an empty list
MAX_SIZE = 1 << 62  # beyond any log; keeps arithmetic on foreign numbers bounded


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    return tree_levels(leaves)[-1][0] if leaves else EMPTY_ROOT


def tree_levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Every level of the tree over leaf hashes, these first and the root, alone in its level, last."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        level = levels[-1]
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        # The last of an odd number rises as it is: a tree is split at a power of two (RFC 6962 §2.1).
        levels.append([*paired, *level[len(level) & ~1 :]])
    return levels


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the root over `leaves`, the lowest first (RFC 9162 §2.1.3.1).

    Raises:
        IndexError: there is no such leaf.
    """
    return proof_in_levels(index, tree_levels(leaves))


def proof_in_levels(index: int, levels: Sequence[Sequence[bytes]]) -> list[bytes]:
    """The same from `tree_levels`, for many proofs of one tree.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(levels[0]):
        raise IndexError(f"leaf {index} of {len(levels[0])}")
    proof, at = [], index
    for level in levels[:-1]:
        if (at ^ 1) < len(level):
            proof.append(level[at ^ 1])
        at //= 2
    return proof


def consistency_proof(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that show the tree of the first `first` leaves to be a beginning of `leaves` (RFC 9162 §2.1.4.1).

    Raises:
        IndexError: there are fewer leaves, or none at first.
    """
    if not 0 < first <= len(leaves):
        raise IndexError(f"{first} of {len(leaves)} leaves")
    return _subproof(first, leaves, whole=True)


def _subproof(first: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 9162 §2.1.4.1."""
    if first == len(leaves):
        return [] if whole else [tree_root(leaves)]
    split = largest_power_below(len(leaves))
    if first <= split:
        return [*_subproof(first, leaves[:split], whole=whole), tree_root(leaves[split:])]
    return [*_subproof(first - split, leaves[split:], whole=False), tree_root(leaves[:split])]


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash stands at `index` in the tree of `size` leaves with this root (RFC 9162 §2.1.3.2).

    Raises:
        MalformedError: no such index, or a hash of another length.
        SignatureError: the proof leads elsewhere, or has another length than its place demands.
    """
    _check_hashes([leaf, root, *proof])
    if not 0 <= index < size <= MAX_SIZE:
        raise MalformedError(f"index {index} of {size}", rule="index", expected="an index below the size")
    found, at, last = leaf, index, size - 1
    for step in proof:
        if last == 0:
            raise SignatureError("inclusion proof is too long")
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise SignatureError("inclusion proof does not lead to the root")


def verify_consistency(
    *, first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Check that the tree of `first` leaves is a beginning of the tree of `second` (RFC 9162 §2.1.4.2).

    Raises:
        MalformedError: sizes in the wrong order, or a hash of another length.
        SignatureError: the proof does not lead from the one root to the other, or has another length.
    """
    _check_hashes([first_root, second_root, *proof])
    if not 0 <= first <= second <= MAX_SIZE:
        raise MalformedError(
            f"sizes {first} and {second}", rule="size", expected="the first not above the second"
        )
    if first == second:
        _require(not proof and first_root == second_root, "equal sizes have equal roots and an empty proof")
        return
    if first == 0:
        _require(not proof and first_root == EMPTY_ROOT, "an empty tree has one root and needs no proof")
        return
    # A first tree that is a power of two is a node of the second: its root is where the proof begins.
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    _require(bool(path), "consistency proof is too short")
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        _require(last != 0, "consistency proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    _require(
        last == 0 and old == first_root and new == second_root,
        "consistency proof does not lead to both roots",
    )


def largest_power_below(size: int) -> int:
    """k of RFC 9162 §2.1.1: the largest power of two below `size`, which is 2 or more."""
    return 1 << (size - 1).bit_length() - 1


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for each in hashes:
        if len(each) != HASH_BYTES:
            raise MalformedError(f"hash has {len(each)} bytes, expected {HASH_BYTES}", rule="length")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SignatureError(message)
