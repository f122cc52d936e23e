"""Growing a log tile by tile, with no more in memory than its unfinished tiles (SPEC §14.5)."""

from collections.abc import Callable, Iterable

from signing.errors import SignatureError
from signing.merkle import EMPTY_ROOT, tree_root
from signing.tiles import TILE_WIDTH, Tile, encode_tile, parse_tile, width_at


class TileEdge:
    """The unfinished tile of each level of a log of `size` entries: at most 255 hashes a level."""

    __slots__ = ("_levels", "size")

    def __init__(self) -> None:
        """The edge of an empty log."""
        self.size = 0
        self._levels: list[list[bytes]] = []

    @classmethod
    def load(cls, size: int, *, expected_root: bytes, read: Callable[[Tile], bytes]) -> "TileEdge":
        """The edge of a log that exists, from its partial tiles, held against its root.

        Raises:
            MalformedError: a tile has another length.
            SignatureError: the tiles have another root than is expected.
        """
        edge = cls()
        edge.size = size
        while len_at := _hashes_at(len(edge._levels), size):
            tile = _last_tile(len(edge._levels), len_at)
            edge._levels.append(parse_tile(read(tile), width=tile.width) if tile.width < TILE_WIDTH else [])
        if edge.root() != expected_root:
            raise SignatureError(
                f"the partial tiles at size {size} lead to another root than the one expected"
            )
        return edge

    def extend(self, leaves: Iterable[bytes]) -> list[tuple[Tile, bytes]]:
        """Add leaf hashes in their order; the full tiles that this finished, with their bytes."""
        finished: list[tuple[Tile, bytes]] = []
        for leaf in leaves:
            self.size += 1
            self._add(0, leaf, finished)
        return finished

    def partial_tiles(self) -> list[tuple[Tile, bytes]]:
        """The partial tiles at this size, with their bytes, from below."""
        return [
            (_last_tile(level, _hashes_at(level, self.size)), encode_tile(hashes))
            for level, hashes in enumerate(self._levels)
            if hashes
        ]

    def root(self) -> bytes:
        """The root of the tree so far."""
        root: bytes | None = None
        for hashes in self._levels:
            # What stands right of the full subtrees of a level is one smaller subtree, the last of its nodes.
            nodes = hashes if root is None else [*hashes, root]
            root = tree_root(nodes) if nodes else None
        return EMPTY_ROOT if root is None else root

    def _add(self, level: int, node: bytes, finished: list[tuple[Tile, bytes]]) -> None:
        if level == len(self._levels):
            self._levels.append([])
        hashes = self._levels[level]
        hashes.append(node)
        if len(hashes) == TILE_WIDTH:
            index = _hashes_at(level, self.size) // TILE_WIDTH - 1
            finished.append((Tile(level, index), encode_tile(hashes)))
            self._levels[level] = []
            self._add(level + 1, tree_root(hashes), finished)


def _hashes_at(level: int, size: int) -> int:
    return size >> 8 * level


def _last_tile(level: int, hashes: int) -> Tile:
    index = (hashes - 1) // TILE_WIDTH
    return Tile(level, index, width_at(0, index, hashes))
