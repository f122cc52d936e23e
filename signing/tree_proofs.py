"""Roots and proofs of a tree of which single nodes can be read, such as a log's tiles (SPEC §11, §14.5)."""

from collections.abc import Callable
from typing import Protocol

from signing.errors import MalformedError
from signing.merkle import EMPTY_ROOT, MAX_SIZE, largest_power_below, node_hash, tree_root
from signing.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, parse_tile, width_at


class HashReader(Protocol):
    """Reads the roots of full subtrees. What it reads proves nothing: check proofs against a signed root."""

    def node(self, level: int, index: int) -> bytes:
        """The root over the leaves from index·2^level up to (index + 1)·2^level."""


class TileHashes:
    """Nodes of a log of `size` entries from its tiles, each fetched once by `read`."""

    __slots__ = ("_read", "_size", "_tiles")

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        self._size = size
        self._read = read
        self._tiles: dict[Tile, list[bytes]] = {}

    def node(self, level: int, index: int) -> bytes:
        """See `HashReader`.

        Raises:
            MalformedError: the tile has another length than it must, or the log has no such full subtree.
        """
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        tile_index, offset = divmod(first, TILE_WIDTH)
        width = width_at(tile_level, tile_index, self._size)
        if offset + (1 << height) > width:
            raise MalformedError(
                f"a log of {self._size} entries has no full subtree {index} of level {level}", rule="index"
            )
        hashes = self._hashes(Tile(tile_level, tile_index, width))
        return tree_root(hashes[offset : offset + (1 << height)])

    def _hashes(self, tile: Tile) -> list[bytes]:
        if tile not in self._tiles:
            self._tiles[tile] = parse_tile(self._read(tile), width=tile.width)
        return self._tiles[tile]


def root_at(size: int, reader: HashReader) -> bytes:
    """The root of the first `size` leaves (RFC 9162 §2.1.1).

    Raises:
        MalformedError: a size out of range, or what the reader raises.
    """
    _check(0 <= size <= MAX_SIZE, f"tree size is {size}")
    return _root(0, size, reader) if size else EMPTY_ROOT


def inclusion_proof_at(index: int, size: int, reader: HashReader) -> list[bytes]:
    """PATH(index, D[size]) of RFC 9162 §2.1.3.1, the lowest hash first.

    Raises:
        MalformedError: no such leaf, or what the reader raises.
    """
    _check(0 <= index < size <= MAX_SIZE, f"there is no leaf {index} of {size}")
    start, end, proof = 0, size, []
    while end - start > 1:
        split = start + largest_power_below(end - start)
        if index < split:
            proof.append(_root(split, end, reader))
            end = split
        else:
            proof.append(_root(start, split, reader))
            start = split
    return proof[::-1]


def consistency_proof_at(first: int, second: int, reader: HashReader) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 9162 §2.1.4.1; empty from size 0, and between equal sizes.

    Raises:
        MalformedError: sizes in the wrong order, or what the reader raises.
    """
    _check(0 <= first <= second <= MAX_SIZE, f"a tree does not grow from {first} to {second}")
    if first in (0, second):
        return []
    start, end, proof = 0, second, []
    while first < end:
        split = start + largest_power_below(end - start)
        if first <= split:
            proof.append(_root(split, end, reader))
            end = split
        else:
            proof.append(_root(start, split, reader))
            start = split
    # SUBPROOF(m, D[m], b): the old root itself is known where it is a whole beginning.
    return [*([_root(start, end, reader)] if start else []), *proof[::-1]]


def _root(start: int, end: int, reader: HashReader) -> bytes:
    """MTH(D[start:end]) where the split of a tree has put both bounds."""
    count = end - start
    if count & (count - 1) == 0:
        return reader.node(count.bit_length() - 1, start // count)
    split = start + largest_power_below(count)
    return node_hash(_root(start, split, reader), _root(split, end, reader))


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise MalformedError(message, rule="size", expected=f"sizes up to {MAX_SIZE} in their order")
