"""Tiles and entry bundles: a log as files that never change (SPEC §14.5; C2SP tlog-tiles)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from signing.errors import MalformedError
from signing.merkle import HASH_BYTES, MAX_SIZE

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
FULL_TILE_BYTES = TILE_WIDTH * HASH_BYTES
ENTRIES = -1  # the level of entry bundles, which have no hashes
MAX_LEVEL = 63  # § Merkle Tree: "a decimal ASCII integer between 0 and 63"
MAX_ENTRY_BYTES = 0xFFFF  # § Log entries: a uint16 length

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)
_MAX_PATH_CHARACTERS = 64


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The tile `index` of `level`, `width` hashes of it; on the level `ENTRIES` a bundle of as many entries."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        in_range = ENTRIES <= self.level <= MAX_LEVEL and 0 <= self.index <= MAX_SIZE // TILE_WIDTH
        if not in_range or not 1 <= self.width <= TILE_WIDTH:
            raise MalformedError(
                f"there is no tile {self.index} of width {self.width} on level {self.level}",
                rule="tile",
                expected=f"level {ENTRIES} to {MAX_LEVEL}, width 1 to {TILE_WIDTH}",
            )

    @property
    def is_full(self) -> bool:
        """Whether it has all of its 256 hashes or entries."""
        return self.width == TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is served, below the log's prefix: `tile/<L>/<N>[.p/<W>]`."""
        groups, rest = [f"{self.index % 1000:03d}"], self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        suffix = "" if self.is_full else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(reversed(groups))}{suffix}"

    @classmethod
    def parse(cls, path: str) -> Self:
        """The tile of a path.

        Raises:
            MalformedError: a path that no tile has.
        """
        found = _PATH.fullmatch(path) if len(path) <= _MAX_PATH_CHARACTERS else None
        if found is None:
            raise MalformedError(
                f"not the path of a tile: {path!r:.80}", rule="tile_path", expected="tile/<L>/<N>[.p/<W>]"
            )
        level = ENTRIES if found["level"] == "entries" else int(found["level"])
        index = int(found["index"].replace("/", "").replace("x", ""))
        tile = cls(level, index, int(found["width"] or TILE_WIDTH))
        if tile.path != path:  # a group of zeros in front, or a full tile written as partial
            raise MalformedError(f"the path of this tile is {tile.path}, not {path!r:.80}", rule="tile_path")
        return tile


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes (or entries) of a tile exist in a log of `size` entries; 0 if there is no such tile."""
    return max(0, min(TILE_WIDTH, _count(level, size) - index * TILE_WIDTH))


def new_tiles(old_size: int, new_size: int) -> Iterator[Tile]:
    """The hash tiles, full and partial, of the log of `new_size` that the log of `old_size` has not, from below.

    Raises:
        MalformedError: sizes out of range or in the wrong order.
    """
    _check_growth(old_size, new_size)
    level = 0
    while _count(level, new_size):
        yield from _grown(level, old_size, new_size)
        level += 1


def new_bundles(old_size: int, new_size: int) -> Iterator[Tile]:
    """The entry bundles of the log of `new_size` that the log of `old_size` has not.

    Raises:
        MalformedError: sizes out of range or in the wrong order.
    """
    _check_growth(old_size, new_size)
    yield from _grown(ENTRIES, old_size, new_size)


def tiles_for(size: int) -> Iterator[Tile]:
    """Every hash tile of a log of `size` entries, from below."""
    return new_tiles(0, size)


def bundles_for(size: int) -> Iterator[Tile]:
    """Every entry bundle of a log of `size` entries."""
    return new_bundles(0, size)


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a hash tile.

    Raises:
        MalformedError: none or more than 256 hashes, or one of another length.
    """
    if not 1 <= len(hashes) <= TILE_WIDTH or any(len(each) != HASH_BYTES for each in hashes):
        raise MalformedError(
            f"{len(hashes)} hashes make no tile", rule="tile", expected="1 to 256 of 32 bytes"
        )
    return b"".join(hashes)


def parse_tile(data: bytes, *, width: int) -> list[bytes]:
    """The hashes of a tile of `width`.

    Raises:
        MalformedError: another length.
    """
    if len(data) != width * HASH_BYTES:
        raise MalformedError(
            f"tile of {width} hashes has {len(data)} bytes",
            rule="length",
            expected=f"{width * HASH_BYTES} bytes",
        )
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle: each entry behind its length.

    Raises:
        MalformedError: none or more than 256 entries, or one of more than 65,535 bytes.
    """
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise MalformedError(
            f"{len(entries)} entries make no bundle", rule="bundle", expected="1 to 256 entries"
        )
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise MalformedError(
                f"entry has {len(entry)} bytes", rule="length", expected=f"at most {MAX_ENTRY_BYTES} bytes"
            )
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes, *, width: int) -> list[bytes]:
    """The entries of a bundle of `width`.

    Raises:
        MalformedError: fewer or more entries, or bytes that end inside one.
    """
    entries: list[bytes] = []
    at = 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise MalformedError(
                f"bundle ends inside entry {len(entries)}", rule="bundle", expected=f"{width} entries"
            )
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise MalformedError(
            f"bundle has {len(data) - at} bytes after its entries", rule="bundle", expected=f"{width} entries"
        )
    return entries


def _count(level: int, size: int) -> int:
    """How many hashes a level has: only full subtrees count (§ Partial Tiles)."""
    return size if level == ENTRIES else size >> TILE_HEIGHT * level


def _grown(level: int, old_size: int, new_size: int) -> Iterator[Tile]:
    old, new = _count(level, old_size), _count(level, new_size)
    if old == new:
        return
    for index in range(old // TILE_WIDTH, (new + TILE_WIDTH - 1) // TILE_WIDTH):
        yield Tile(level, index, width_at(level, index, new_size))


def _check_growth(old_size: int, new_size: int) -> None:
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise MalformedError(
            f"a log does not grow from {old_size} to {new_size}", rule="size", expected="0 ≤ old ≤ new"
        )
