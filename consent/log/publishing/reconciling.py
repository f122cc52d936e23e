"""Taking a log up again: database, store and signatures must tell one story, or nothing more is published.

What the store lacks is uploaded again by the ordinary path; what contradicts the database halts.
"""

from consent.log.errors import ObjectMissingError, OvertakenError, PublicationHaltedError
from consent.log.objects import ObjectStore
from consent.log.publishing.edge import Edge
from consent.log.publishing.entries import read_entries
from consent.log.publishing.standing import Standing, read_standing
from consent.log.publishing.state import State, read_state, signed_root
from consent.log.publishing.uploading import Uploader
from signing.errors import MalformedError
from signing.merkle import leaf_hash, tree_root
from signing.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, parse_bundle, parse_tile

BATCH = 4096  # entries that are read, hashed and uploaded at once
_SEE = "See /docs/publishing#halted"


def take_up(state: State, *, objects: ObjectStore, uploader: Uploader, folder: str) -> Edge:
    """The edge of the log at `state`, once the store is known to hold all of it.

    Raises:
        OvertakenError: another publisher has published beyond `state` since it was read.
        PublicationHaltedError: the store is ahead of the database or beside it, or the entries have another root.
        StoreUnavailableError: the store failed.
    """
    standing = read_standing(objects, folder=folder, origin=state.origin)
    published = 0
    if standing is not None:
        require_below(standing, state)
        published = standing.checkpoint.size
        if published > state.size:
            # Another publisher went on since `state` was read: its edge is not that of `state`, and nothing is wrong.
            raise OvertakenError(f"{state.origin} is published to {published} already, beyond {state.size}")
    root = None if standing is None else standing.checkpoint.root
    edge = None if root is None else _edge_in_store(state.livemode, published, root, objects, folder)
    # Tiles that are missing or damaged are made again from the entries; other bytes than these halt the upload.
    edge = edge or Edge()
    while edge.size < state.size:
        # Not across the published size: its own partial tiles must be there too.
        until = published if edge.size < published else state.size
        entries = read_entries(state.livemode, start=edge.size, end=min(edge.size + BATCH, until))
        if not entries:
            raise PublicationHaltedError(
                f"{state.origin} stands at size {state.size}, and the history ends at {edge.size}. {_SEE}"
            )
        edge, new = edge.grown(entries)
        uploader.upload(new)
    if edge.root() != state.root:
        raise PublicationHaltedError(
            f"{state.origin} stands at size {state.size} with root {state.root.hex()}, and the entries of the "
            f"database give {edge.root().hex()}: they were changed. {_SEE}"
        )
    return edge


def require_below(standing: Standing, state: State) -> None:
    """Refuse a store that is ahead of the database, or on another history.

    Raises:
        PublicationHaltedError: it is.
    """
    checkpoint = standing.checkpoint
    if checkpoint.size > state.size:
        # The row may have been read before another publisher moved it and published.
        now = read_state(state.origin)
        if now is None or now.size < checkpoint.size:
            raise PublicationHaltedError(
                f"{state.origin} is published to size {checkpoint.size}, and the database knows {state.size}: it was "
                f"restored from an older backup, or lost writes in a failover. {_SEE}"
            )
        state = now
    expected = state.root if checkpoint.size == state.size else _root_at(state.origin, checkpoint.size)
    if expected != checkpoint.root:
        known = "nothing" if expected is None else expected.hex()
        raise PublicationHaltedError(
            f"{state.origin} is published at size {checkpoint.size} with root {checkpoint.root.hex()}, and the "
            f"database has signed {known} for it: two histories. {_SEE}"
        )


def _root_at(origin: str, size: int) -> bytes | None:
    found = signed_root(origin, size)
    return None if found is None else found[0]


def _edge_in_store(livemode: bool, size: int, root: bytes, objects: ObjectStore, folder: str) -> Edge | None:
    """The edge at a published size from the tiles in the store; None if they are not all there, or do not fit."""
    if size == 0:
        return Edge()
    width = (size - 1) % TILE_WIDTH + 1
    bundle = read_entries(livemode, start=size - width, end=size)
    levels, level = [], 0
    try:
        while size >> TILE_HEIGHT * level:
            levels.append(_partial(level, size >> TILE_HEIGHT * level, objects, folder))
            level += 1
        leaves = tuple(leaf_hash(entry) for entry in bundle)
        entries = () if width == TILE_WIDTH else tuple(bundle)
        edge = Edge(size=size, entries=entries, levels=tuple(levels))
        fits = (
            tuple(_hashes(0, (size - 1) // TILE_WIDTH, width, objects, folder)) == leaves
            and edge.root() == root
            and _full_ones_fit(size, objects, folder)
            and _bundle(size, objects, folder) == bundle
        )
    except (ObjectMissingError, MalformedError):
        return None
    return edge if fits else None


def _bundle(size: int, objects: ObjectStore, folder: str) -> list[bytes]:
    """The entries of the last bundle, up to `size`."""
    index, width = (size - 1) // TILE_WIDTH, (size - 1) % TILE_WIDTH + 1
    for each in (Tile(ENTRIES, index, width), Tile(ENTRIES, index)):
        try:
            return parse_bundle(objects.get(folder + each.path), width=each.width)[:width]
        except ObjectMissingError:
            continue
    raise ObjectMissingError(f"there is no bundle {index} of {width} entries")


def _full_ones_fit(size: int, objects: ObjectStore, folder: str) -> bool:
    """Whether the last full tile of each level hashes to what the tile above it says."""
    level = 0
    while full := size >> TILE_HEIGHT * (level + 1):
        below = _read(Tile(level, full - 1), objects, folder)
        above = _hashes(level + 1, (full - 1) // TILE_WIDTH, (full - 1) % TILE_WIDTH + 1, objects, folder)
        if tree_root(below) != above[-1]:
            return False
        level += 1
    return True


def _partial(level: int, count: int, objects: ObjectStore, folder: str) -> tuple[bytes, ...]:
    width = count % TILE_WIDTH
    return tuple(_hashes(level, count // TILE_WIDTH, width, objects, folder)) if width else ()


def _hashes(level: int, index: int, width: int, objects: ObjectStore, folder: str) -> list[bytes]:
    """The first `width` hashes of a tile: of the partial one, or of the full one that came after it."""
    try:
        return _read(Tile(level, index, width), objects, folder)
    except ObjectMissingError:
        return _read(Tile(level, index), objects, folder)[:width]


def _read(tile: Tile, objects: ObjectStore, folder: str) -> list[bytes]:
    return parse_tile(objects.get(folder + tile.path), width=tile.width)
