"""The right edge of a log: what it takes to add entries and to know the new tiles and the root.

Of each level it holds only the hashes of the tile that is not full yet, so at most 255 of each, whatever the size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from signing.frontier import Frontier
from signing.merkle import leaf_hash, tree_root
from signing.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, encode_bundle, encode_tile


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTile:
    """A tile or entry bundle that has to stand in the store, with its bytes."""

    tile: Tile
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A log of `size` entries: `entries` of its last bundle, `levels` of its last tiles, where these are not full."""

    size: int = 0
    entries: tuple[bytes, ...] = ()
    levels: tuple[tuple[bytes, ...], ...] = ()

    def root(self) -> bytes:
        """The Merkle root of the whole log."""
        nodes: list[bytes] = []
        for level in reversed(self.levels):
            begin = 0
            for bit in reversed(range(TILE_HEIGHT)):
                if len(level) & 1 << bit:
                    nodes.append(tree_root(level[begin : begin + (1 << bit)]))
                    begin += 1 << bit
        return Frontier(self.size, nodes).root()

    def grown(self, entries: Sequence[bytes]) -> tuple["Edge", list[NewTile]]:
        """The edge after `entries`, and everything that is new: bundles, then tiles from below."""
        if not entries:
            return self, []
        bundles = [*self.entries, *entries]
        new = _pieces(ENTRIES, self.size, bundles)
        levels: list[tuple[bytes, ...]] = []
        added = [leaf_hash(entry) for entry in entries]
        level = 0
        while added or level < len(self.levels):
            before = self.levels[level] if level < len(self.levels) else ()
            hashes = [*before, *added]
            if added:
                new += _pieces(level, self.size >> TILE_HEIGHT * level, hashes)
            full = len(hashes) // TILE_WIDTH * TILE_WIDTH
            added = [tree_root(hashes[at : at + TILE_WIDTH]) for at in range(0, full, TILE_WIDTH)]
            levels.append(tuple(hashes[full:]))
            level += 1
        rest = len(bundles) // TILE_WIDTH * TILE_WIDTH
        edge = Edge(size=self.size + len(entries), entries=tuple(bundles[rest:]), levels=tuple(levels))
        return edge, new


def _pieces(level: int, count: int, values: Sequence[bytes]) -> list[NewTile]:
    """The tiles of one level that grew: `count` values before, of which the last partial tile heads `values`."""
    encode = encode_bundle if level == ENTRIES else encode_tile
    pieces = []
    for at in range(0, len(values), TILE_WIDTH):
        piece = values[at : at + TILE_WIDTH]
        tile = Tile(level, (count + at) // TILE_WIDTH, len(piece))
        pieces.append(NewTile(tile=tile, data=encode(piece)))
    return pieces
