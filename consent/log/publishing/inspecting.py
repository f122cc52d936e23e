"""Holding a published log against the database: every object, every signed root, the checkpoint (`fsck`)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db import connection

from consent.log.errors import ObjectMissingError, PublicationHaltedError
from consent.log.objects import ObjectStore
from consent.log.publishing.edge import Edge, NewTile
from consent.log.publishing.entries import read_entries
from consent.log.publishing.origins import folder_of
from consent.log.publishing.reconciling import BATCH
from consent.log.publishing.standing import CHECKPOINT, Standing, read_standing
from consent.log.publishing.state import State, read_state
from signing.errors import SigningError
from signing.frontier import Frontier
from signing.merkle import leaf_hash
from signing.note import VerifierKey, parse_note, verify_note
from signing.tiles import width_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as it must be: where, and why."""

    place: str
    why: str


def inspect_log(origin: str, *, objects: ObjectStore, keys: Collection[VerifierKey]) -> Iterator[Fault]:
    """Everything that is wrong with one log; nothing if it is whole. Reads all entries and all objects.

    `keys` are all that ever signed this log.

    Raises:
        HistoryBrokenError: an entry is missing in the database.
        StoreUnavailableError: the store failed.
    """
    state = read_state(origin)
    if state is None:
        yield Fault(place=origin, why="was never published by this database")
        return
    if state.halted:
        yield Fault(place=origin, why=f"publishing has halted: {state.halted}")
    folder = folder_of(origin)
    try:
        standing = read_standing(objects, folder=folder, origin=origin)
    except PublicationHaltedError as exc:
        yield Fault(place=folder + CHECKPOINT, why=str(exc))
        standing = None
    if standing is None:
        yield Fault(place=folder + CHECKPOINT, why="there is no checkpoint")
    else:
        yield from _checkpoint(state, standing, folder + CHECKPOINT, keys)
    yield from _entries(state, _signed(origin), objects, folder)


def _checkpoint(
    state: State, standing: Standing, place: str, keys: Collection[VerifierKey]
) -> Iterator[Fault]:
    try:
        verify_note(parse_note(standing.data), keys)
    except SigningError as exc:
        yield Fault(place=place, why=f"is not signed by this log: {exc}")
    size = standing.checkpoint.size
    if size > state.size:
        yield Fault(place=place, why=f"covers {size} entries, and the database has published {state.size}")
    elif size < state.published_size:
        yield Fault(
            place=place, why=f"covers {size} entries, although {state.published_size} were published before"
        )


def _entries(state: State, signed: dict[int, bytes], objects: ObjectStore, folder: str) -> Iterator[Fault]:
    """Recompute tiles and roots from the entries, and compare."""
    edge, frontier = Edge(), Frontier()
    while edge.size < state.size:
        until = state.published_size if edge.size < state.published_size else state.size
        entries = read_entries(state.livemode, start=edge.size, end=min(edge.size + BATCH, until))
        if not entries:
            yield Fault(place=state.origin, why=f"has {state.size} entries, and the history {edge.size}")
            return
        edge, new = edge.grown(entries)
        if edge.size <= state.published_size:
            yield from _objects(new, state.published_size, objects, folder)
        for entry in entries:
            frontier.append(leaf_hash(entry))
            root = signed.get(frontier.size)
            if root is not None and root != frontier.root():
                yield Fault(
                    place=f"{state.origin} at size {frontier.size}",
                    why="another root was signed than the entries have",
                )
    if edge.root() != state.root:
        yield Fault(place=f"{state.origin} at size {state.size}", why="the entries have another root")


def _objects(new: list[NewTile], size: int, objects: ObjectStore, folder: str) -> Iterator[Fault]:
    for each in new:
        tile = each.tile
        # A batch ends with partial tiles that the log of this size need not have.
        if tile.width != width_at(tile.level, tile.index, size):
            continue
        key = folder + tile.path
        try:
            if objects.get(key) != each.data:
                yield Fault(place=key, why="holds other bytes than the entries give")
        except ObjectMissingError:
            yield Fault(place=key, why="is missing")


def _signed(origin: str) -> dict[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, root FROM log_signed_root WHERE origin = %s", [origin])
        return {size: bytes(root) for size, root in cursor.fetchall()}
