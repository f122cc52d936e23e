"""Tiles, the tree's right edge and proofs from tiles, held against a real log and the definition written out."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.errors import MalformedError, SignatureError, SigningError
from signing.frontier import Frontier
from signing.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_levels,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from signing.note import VerifierKey
from signing.signed_checkpoint import verify_checkpoint
from signing.tile_edge import TileEdge
from signing.tiles import (
    ENTRIES,
    Tile,
    bundles_for,
    encode_bundle,
    encode_tile,
    new_bundles,
    new_tiles,
    parse_bundle,
    parse_tile,
    tiles_for,
)
from signing.tree_proofs import TileHashes, consistency_proof_at, inclusion_proof_at, root_at

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog"
RANDOM = random.Random(20261121)
LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(100_000)]


def _naive_tile(tile: Tile, leaves: list[bytes]) -> bytes:
    """MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]) for each i, word for word."""
    span = 256**tile.level
    starts = [(tile.index * 256 + at) * span for at in range(tile.width)]
    return b"".join(tree_root(leaves[start : start + span]) for start in starts)


def _naive_tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """§ Partial Tiles: floor(s / 256**l) mod 256 hashes in the partial tile of each level, none empty."""
    level = 0
    while size >= 256**level:
        hashes = size // 256**level
        yield from ((level, index, 256) for index in range(hashes // 256))
        if hashes % 256:
            yield level, hashes // 256, hashes % 256
        level += 1


def _tiles_of(size: int) -> dict[Tile, bytes]:
    edge = TileEdge()
    return dict([*edge.extend(LEAVES[:size]), *edge.partial_tiles()])


@pytest.mark.parametrize(
    "case", json.loads((VECTORS / "tile-paths.json").read_text()), ids=lambda case: case["path"]
)
def test_tile_paths_of_others(case: dict[str, int | str]) -> None:
    level = ENTRIES if case["level"] == "entries" else int(case["level"])
    tile = Tile(level, int(case["index"]), int(case["width"]))
    assert tile.path == case["path"]
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001",
        "tile/0/x001/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/entries/000\n",
        "tile/0/٠٠٠",
        "tile/0/" + "x999/" * 20 + "999",
    ],
)
def test_paths_that_no_tile_has_are_refused(path: str) -> None:
    with pytest.raises(MalformedError):
        Tile.parse(path)


@settings(deadline=None)
@given(st.integers(-1, 63), st.integers(0, 1 << 54), st.integers(1, 256))
def test_every_tile_has_one_path(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path) == tile


def test_the_tiles_that_the_specification_counts_for_a_tree_of_70000() -> None:
    tiles = list(tiles_for(70_000))
    assert sum(tile.level == 0 and tile.is_full for tile in tiles) == 273
    assert sum(tile.level == 1 and tile.is_full for tile in tiles) == 1
    assert [tile for tile in tiles if not tile.is_full] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_for(256)) == [Tile(0, 0, 256), Tile(1, 0, 1)]
    assert list(tiles_for(0)) == []
    assert len(list(bundles_for(70_000))) == 274


def test_a_real_log_verifies_at_every_size() -> None:
    meta = json.loads((VECTORS / "tessera-log.meta.json").read_text())
    folder, log = VECTORS / "tessera-log", VerifierKey.parse(meta["vkey"])
    for size in range(1, meta["tree_size"] + 1):
        head = verify_checkpoint((folder / f"checkpoint.{size}").read_bytes(), expected_log=log).checkpoint
        bundles = [(tile, (folder / tile.path).read_bytes()) for tile in bundles_for(size)]
        entries = [entry for tile, data in bundles for entry in parse_bundle(data, width=tile.width)]
        assert encode_bundle(entries) == bundles[0][1]
        edge = TileEdge()
        assert edge.extend(leaf_hash(entry) for entry in entries) == []
        assert edge.root() == head.root == root_at(size, TileHashes(size, _reader(folder)))
        assert all((folder / tile.path).read_bytes() == data for tile, data in edge.partial_tiles())


def _reader(folder: Path):  # type: ignore[no-untyped-def]
    return lambda tile: (folder / tile.path).read_bytes()


def test_the_edge_has_the_right_root_at_every_size_to_1000_and_its_tiles_are_those_of_the_definition() -> (
    None
):
    frontier, edge, finished = Frontier(), TileEdge(), {}
    for size in range(1_001):
        if size:
            frontier.append(LEAVES[size - 1])
            finished.update(edge.extend(LEAVES[size - 1 : size]))
        assert frontier.root() == edge.root() == tree_root(LEAVES[:size])
        assert Frontier(size, frontier.nodes).root() == frontier.root()
        have = {**finished, **dict(edge.partial_tiles())}
        assert sorted((t.level, t.index, t.width) for t in have) == sorted(_naive_tiles(size))
        assert sorted(have) == sorted(tiles_for(size))
        if size % 37 == 0:
            assert all(data == _naive_tile(tile, LEAVES[:size]) for tile, data in have.items())


@pytest.mark.parametrize(
    "size", [65_535, 65_536, 65_537, *(RANDOM.randrange(1_000, 100_000) for _ in range(5))]
)
def test_large_trees_from_tiles(size: int) -> None:
    levels, tiles = tree_levels(LEAVES[:size]), _tiles_of(size)
    assert sorted(tiles) == sorted(tiles_for(size))
    for tile in RANDOM.sample(sorted(tiles), 6):
        assert tiles[tile] == _naive_tile(tile, LEAVES[:size])
    root = levels[-1][0]
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    reader = TileHashes(size, tiles.__getitem__)
    assert root_at(size, reader) == root == frontier.root()
    loaded = TileEdge.load(size, expected_root=root, read=tiles.__getitem__)
    assert loaded.partial_tiles() == [(tile, tiles[tile]) for tile in tiles_for(size) if not tile.is_full]
    for index in {0, size - 1, *(RANDOM.randrange(size) for _ in range(8))}:
        proof = inclusion_proof_at(index, size, reader)
        verify_inclusion(index=index, size=size, leaf=LEAVES[index], proof=proof, root=root)
    for first in {1, size - 1, size, 65_536, *(RANDOM.randrange(1, size) for _ in range(6))}:
        if first <= size:
            proof = consistency_proof_at(first, size, reader)
            verify_consistency(
                first=first,
                second=size,
                proof=proof,
                first_root=root_at(first, reader),
                second_root=root,
            )


def test_proofs_from_tiles_are_those_from_all_leaves_at_every_size() -> None:
    for size in range(1, 1_001):
        leaves, tiles = LEAVES[:size], _TilesOf1000(size)
        reader = TileHashes(size, tiles.read)
        for index in {0, size - 1, size // 2, RANDOM.randrange(size)}:
            assert inclusion_proof_at(index, size, reader) == inclusion_proof(index, leaves)
        for first in {1, size, (size + 1) // 2, RANDOM.randrange(1, size + 1)}:
            assert consistency_proof_at(first, size, reader) == consistency_proof(first, leaves)


class _TilesOf1000:
    """The tiles of the log of 1,000, cut down to the width that a smaller one has."""

    _ALL = _tiles_of(1_000)

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, tile: Tile) -> bytes:
        widest = max(each.width for each in self._ALL if (each.level, each.index) == (tile.level, tile.index))
        return self._ALL[Tile(tile.level, tile.index, widest)][: 32 * tile.width]


def test_proofs_at_the_bounds() -> None:
    reader = TileHashes(1_000, _tiles_of(1_000).__getitem__)
    assert consistency_proof_at(0, 1_000, reader) == consistency_proof_at(1_000, 1_000, reader) == []
    for index, size in ((-1, 5), (5, 5), (0, 0), (0, 1 << 63)):
        with pytest.raises(MalformedError):
            inclusion_proof_at(index, size, reader)
    with pytest.raises(MalformedError):
        consistency_proof_at(6, 5, reader)
    with pytest.raises(MalformedError, match="no full subtree"):
        inclusion_proof_at(0, 1_001, reader)


def test_growing_names_every_tile_that_is_new() -> None:
    for _ in range(60):
        old, new = sorted((RANDOM.randrange(70_000), RANDOM.randrange(70_000)))
        missing = set(tiles_for(new)) - set(tiles_for(old))
        assert set(new_tiles(old, new)) == missing
        assert set(new_bundles(old, new)) == set(bundles_for(new)) - set(bundles_for(old))
    with pytest.raises(MalformedError):
        list(new_tiles(5, 4))


def test_an_edge_is_loaded_only_from_tiles_that_lead_to_the_root() -> None:
    tiles = _tiles_of(700)
    root = tree_root(LEAVES[:700])
    tile = Tile(0, 2, 188)
    flipped = {**tiles, tile: bytes([tiles[tile][0] ^ 1]) + tiles[tile][1:]}
    with pytest.raises(SignatureError, match="another root"):
        TileEdge.load(700, expected_root=root, read=flipped.__getitem__)
    with pytest.raises(MalformedError, match="188 hashes has 32 bytes"):
        TileEdge.load(700, expected_root=root, read={**tiles, tile: bytes(32)}.__getitem__)
    edge = TileEdge.load(700, expected_root=root, read=tiles.__getitem__)
    edge.extend(LEAVES[700:1_000])
    assert edge.root() == tree_root(LEAVES[:1_000])


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_a_bundle_is_read_back(entries: list[bytes]) -> None:
    data = encode_bundle(entries)
    assert parse_bundle(data, width=len(entries)) == entries
    for broken, width in ((data[:-1], len(entries)), (data + b"\0", len(entries)), (data, len(entries) + 1)):
        with pytest.raises(MalformedError):
            parse_bundle(broken, width=width)


def test_tiles_and_bundles_have_bounds() -> None:
    for hashes in ([], [bytes(31)], [bytes(32)] * 257):
        with pytest.raises(MalformedError):
            encode_tile(hashes)
    for entries in ([], [bytes(65_536)], [b""] * 257):
        with pytest.raises(MalformedError):
            encode_bundle(entries)
    with pytest.raises(MalformedError):
        parse_tile(bytes(33), width=1)
    for level, index, width in ((-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(SigningError):
            Tile(level, index, width)
    for size, nodes in ((-1, []), (3, [bytes(32)]), (1, [bytes(31)])):
        with pytest.raises(MalformedError):
            Frontier(size, nodes)
