"""The right edge: growing in any steps gives the tiles and the root of a tree that is built at once."""

import random

import pytest

from consent.log.publishing.edge import Edge
from signing.merkle import leaf_hash, tree_root
from signing.tiles import bundles_for, parse_bundle, parse_tile, tiles_for
from tests.log.publishing.reading import hashes_of


def _entries(count: int) -> list[bytes]:
    return [index.to_bytes(4, "big") for index in range(count)]


@pytest.mark.parametrize(
    "steps", [[1] * 600, [255, 1, 1], [256, 256], [257, 510], [65_536], [65_535, 2], [70_000]]
)
def test_growing_in_steps_gives_the_tree_that_is_built_at_once(steps: list[int]) -> None:
    entries = _entries(sum(steps))
    leaves = [leaf_hash(entry) for entry in entries]
    edge, store = Edge(), {}
    for step in steps:
        edge, new = edge.grown(entries[edge.size : edge.size + step])
        for each in new:
            assert store.setdefault(each.tile, each.data) == each.data
        if edge.size < 2000 or edge.size == len(entries):
            assert edge.root() == tree_root(leaves[: edge.size])
            assert all(tile in store for tile in (*tiles_for(edge.size), *bundles_for(edge.size)))
    for tile, data in store.items():
        if tile.level < 0:
            assert parse_bundle(data, width=tile.width) == entries[tile.index * 256 :][: tile.width]
        else:
            wanted = hashes_of(leaves, tile.level, tile.index, tile.width)
            assert parse_tile(data, width=tile.width) == wanted


def test_random_steps_give_one_set_of_bytes() -> None:
    chance = random.Random(20261121)
    entries = _entries(3000)
    for _ in range(5):
        edge, seen = Edge(), {}
        while edge.size < len(entries):
            edge, new = edge.grown(entries[edge.size : edge.size + chance.randint(1, 700)])
            for each in new:
                assert seen.setdefault(each.tile, each.data) == each.data
        assert edge.root() == tree_root([leaf_hash(entry) for entry in entries])
        assert all(tile in seen for tile in tiles_for(len(entries)))


def test_nothing_grows_by_nothing() -> None:
    edge, new = Edge().grown([])
    assert (edge, new) == (Edge(), [])
