"""The way from one entry of a log to its root, as numbers for a drawing (RFC 9162 §2.1.3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from signing.errors import SignatureError
from signing.merkle import largest_power_below, node_hash

WIDTH = (
    280  # what a card leaves of a phone of 360 pixels, so that the hashes are drawn there at their full size
)
LEFT, MIDDLE, RIGHT = 52, 140, 228
STEP = 76  # from a node to the one above it
TOP = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One hash over the entries `first` to `last`. `on_path`: made from the entry; else it stands in the proof."""

    hash: bytes
    first: int
    last: int
    on_path: bool
    x: int
    y: int

    @property
    def short(self) -> str:
        """The first bytes, which is enough to compare by eye."""
        return self.hash.hex()[:8]

    @property
    def full(self) -> str:
        """All 32 bytes."""
        return self.hash.hex()

    @property
    def label_y(self) -> int:
        """Where its hash is written."""
        return self.y + 24

    @property
    def range_y(self) -> int:
        """Where its entries are written."""
        return self.y - 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Two nodes side by side and the one that both make."""

    number: int
    left: Node
    right: Node
    parent: Node

    @property
    def proof(self) -> Node:
        """The one of the two that stands in the proof."""
        return self.right if self.left.on_path else self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The leaf, and each step up from it. `height` is that of the drawing."""

    leaf: Node
    steps: Sequence[Step]
    height: int
    width: int = WIDTH

    @property
    def root(self) -> Node:
        """The top."""
        return self.steps[-1].parent if self.steps else self.leaf


def draw_tree(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> Tree:
    """Climb from the leaf at `index` of `size` with the hashes of its inclusion proof, the lowest first.

    Raises:
        SignatureError: the proof has another length than this place in the tree has.
    """
    spans = _spans(index, size)
    if len(spans) != len(proof) + 1:
        raise SignatureError(f"inclusion proof has {len(proof)} hashes, expected {len(spans) - 1}")
    y = TOP + len(proof) * STEP
    # A node stands on the side on which it is under the one above it; the root stands in the middle.
    sides = [LEFT if below[0] == above[0] else RIGHT for below, above in pairwise(spans)] + [MIDDLE]
    node = leaf_node = Node(hash=leaf, first=index, last=index, on_path=True, x=sides[0], y=y)
    steps: list[Step] = []
    for number, sibling_hash in enumerate(proof, start=1):
        first, end = spans[number]
        on_left = node.x == LEFT
        sibling = Node(
            hash=sibling_hash,
            first=node.last + 1 if on_left else first,
            last=end - 1 if on_left else node.first - 1,
            on_path=False,
            x=RIGHT if on_left else LEFT,
            y=y,
        )
        y -= STEP
        left, right = (node, sibling) if on_left else (sibling, node)
        node = Node(
            hash=node_hash(left.hash, right.hash),
            first=first,
            last=end - 1,
            on_path=True,
            x=sides[number],
            y=y,
        )
        steps.append(Step(number=number, left=left, right=right, parent=node))
    return Tree(leaf=leaf_node, steps=steps, height=leaf_node.y + TOP)


def _spans(index: int, size: int) -> list[tuple[int, int]]:
    """The subtrees that hold the leaf, from the leaf itself to the whole tree: first entry, and the one after."""
    start, end, spans = 0, size, [(0, size)]
    while end - start > 1:
        split = start + largest_power_below(end - start)
        start, end = (start, split) if index < split else (split, end)
        spans.append((start, end))
    return spans[::-1]
