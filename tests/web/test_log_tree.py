"""The drawn way from an entry to the root is the proof itself."""

import re

import pytest

from consent.web.public.log_tree import LEFT, MIDDLE, RIGHT, draw_tree
from signing.errors import SignatureError
from signing.merkle import inclusion_proof, leaf_hash, tree_root

ENTRIES = [leaf_hash(bytes([number])) for number in range(40)]


def test_every_way_of_every_small_tree_ends_at_its_root() -> None:
    for size in range(1, 41):
        leaves = ENTRIES[:size]
        for index in range(size):
            tree = draw_tree(index=index, size=size, leaf=leaves[index], proof=inclusion_proof(index, leaves))
            assert tree.root.hash == tree_root(leaves)
            assert (tree.root.first, tree.root.last, tree.root.x) == (0, size - 1, MIDDLE)


def test_each_node_says_which_entries_it_covers() -> None:
    leaves = ENTRIES[:13]
    tree = draw_tree(index=9, size=13, leaf=leaves[9], proof=inclusion_proof(9, leaves))
    for step in tree.steps:
        for node in (step.left, step.right, step.parent):
            assert node.hash == tree_root(leaves[node.first : node.last + 1])
            assert node.on_path == (node.first <= 9 <= node.last)
        assert step.left.last + 1 == step.right.first
        assert (step.left.x, step.right.x) == (LEFT, RIGHT)
        assert step.left.y == step.right.y > step.parent.y > 0
    assert tree.leaf.y < tree.height


def test_a_proof_of_another_length_is_not_drawn() -> None:
    leaves = ENTRIES[:13]
    with pytest.raises(SignatureError, match="4"):
        draw_tree(index=9, size=13, leaf=leaves[9], proof=inclusion_proof(9, leaves)[:-1])


def test_the_line_of_growth_stays_inside_its_drawing() -> None:
    from datetime import UTC, datetime, timedelta

    from consent.web.public.log_growth import HEIGHT, WIDTH, Growth, SizeThen

    start = datetime(2026, 1, 1, tzinfo=UTC)
    sizes = [SizeThen(size=n, at=start + timedelta(hours=n * n)) for n in (0, 1, 5, 9, 1000)]
    points = [tuple(map(int, each.split(","))) for each in Growth(sizes=sizes).line.split()]
    assert points[0] == (0, HEIGHT) and points[-1] == (WIDTH, 2)
    assert all(re.fullmatch(r"\d+,\d+", each) for each in Growth(sizes=sizes).line.split())
    assert points == sorted(points, key=lambda point: (point[0], -point[1]))
    same = [SizeThen(size=3, at=start), SizeThen(size=3, at=start)]
    assert Growth(sizes=same).line
