"""A published log as a stranger reads it: every object that its checkpoint implies, hashed anew, naively."""

from collections.abc import Sequence

from consent.log.objects import ObjectStore
from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.merkle import leaf_hash, tree_root
from signing.note import VerifierKey, parse_note, verify_note
from signing.tiles import bundles_for, parse_bundle, parse_tile, tiles_for


def read_log(objects: ObjectStore, *, folder: str, key: VerifierKey) -> tuple[Checkpoint, list[bytes]]:
    """The verified checkpoint and all entries, once every tile of that size was found and is right."""
    note = parse_note(objects.get(f"{folder}checkpoint"))
    verify_note(note, [key])
    checkpoint = parse_checkpoint(note.text)
    entries: list[bytes] = []
    for bundle in bundles_for(checkpoint.size):
        entries += parse_bundle(objects.get(folder + bundle.path), width=bundle.width)
    leaves = [leaf_hash(entry) for entry in entries]
    assert tree_root(leaves) == checkpoint.root
    for tile in tiles_for(checkpoint.size):
        found = parse_tile(objects.get(folder + tile.path), width=tile.width)
        assert found == hashes_of(leaves, tile.level, tile.index, tile.width), tile.path
    return checkpoint, entries


def hashes_of(leaves: Sequence[bytes], level: int, index: int, width: int) -> list[bytes]:
    """The hashes of a tile, each from its leaves alone."""
    span = 256**level
    begin = index * 256
    return [tree_root(leaves[at * span : (at + 1) * span]) for at in range(begin, begin + width)]
