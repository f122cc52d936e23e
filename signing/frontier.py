"""The right edge of a growing Merkle tree: all that is needed to add leaves and know the root (SPEC §11)."""

from collections.abc import Iterable

from signing.errors import MalformedError
from signing.merkle import EMPTY_ROOT, HASH_BYTES, MAX_SIZE, node_hash


class Frontier:
    """The roots of the largest full subtrees of a tree of `size` leaves, the leftmost and largest first.

    There is one for each bit that is set in `size`, so at most 62 hashes stand for any tree.
    """

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        """The edge of a tree that exists already.

        Raises:
            MalformedError: a size out of range, or other than one hash for each of its bits.
        """
        self.size = size
        self._nodes = list(nodes)
        if not 0 <= size <= MAX_SIZE:
            raise MalformedError(f"tree size is {size}", rule="size", expected=f"0 to {MAX_SIZE}")
        if len(self._nodes) != size.bit_count() or any(len(node) != HASH_BYTES for node in self._nodes):
            raise MalformedError(
                f"{len(self._nodes)} hashes do not stand for a tree of {size} leaves",
                rule="frontier",
                expected=f"{size.bit_count()} hashes of {HASH_BYTES} bytes",
            )

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """The hashes, to be kept beside the size."""
        return tuple(self._nodes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        nodes, filled = self._nodes, self.size
        while filled & 1:  # a full subtree of each set low bit is merged with the new one
            leaf = node_hash(nodes.pop(), leaf)
            filled >>= 1
        nodes.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in their order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The root of the tree so far (RFC 9162 §2.1.1)."""
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root
