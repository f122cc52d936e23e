"""A whole log derived again from its entries, and held against every file that it serves."""

from collections.abc import Callable
from dataclasses import dataclass, field

from consent.client.errors import Unavailable
from consent.client.transparency.reader import LogReader
from signing.errors import MalformedError
from signing.merkle import leaf_hash
from signing.signed_checkpoint import SignedCheckpoint
from signing.tile_edge import TileEdge
from signing.tiles import TILE_WIDTH, Tile

MAX_FAULTS = 100  # a log that is broken everywhere is described well enough by these
COMMITMENT_BYTES = 33  # SPEC §8: all that an entry of a registry's log may be
COMMITMENT_VERSION = 0x01


@dataclass(kw_only=True)
class FsckReport:
    """What was found. `faults` are sentences, the first `MAX_FAULTS` of them; the log is whole if there are none."""

    head: SignedCheckpoint
    entries: int = 0
    tiles: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether everything was there and fits."""
        return not self.faults

    def add(self, fault: str) -> None:
        """Note a fault."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(fault)


def fsck(
    reader: LogReader,
    *,
    commitments_only: bool = False,
    progress: Callable[[int, int], None] = lambda done, size: None,
) -> FsckReport:
    """Derive the log that is shown now from its entries: every tile, and the signed root.

    Only the unfinished tiles and one bundle are in memory. With `commitments_only` every entry must have the form
    that a registry's entries have, so that nothing about anybody stands in the log. `progress` hears how many
    entries of how many are done.

    Raises:
        Unavailable: the checkpoint, or a bundle of entries, cannot be had: nothing can be said about the log.
        SigningError: the checkpoint is malformed or not accepted by the policy.
    """
    report = FsckReport(head=reader.head())
    size = report.head.checkpoint.size
    edge = TileEdge()
    for number, width in enumerate(_widths(size)):
        try:
            entries = reader.bundle(number, size)
        except MalformedError as exc:
            report.add(f"entries {number * TILE_WIDTH} to {number * TILE_WIDTH + width - 1}: {exc}")
            return report  # nothing after it has a known place
        if commitments_only:
            _check_forms(entries, number * TILE_WIDTH, report)
        for tile, data in edge.extend(leaf_hash(entry) for entry in entries):
            _compare(reader, tile, data, report)
        report.entries += len(entries)
        progress(report.entries, size)
    for tile, data in edge.partial_tiles():
        _compare(reader, tile, data, report)
    if edge.root() != report.head.checkpoint.root:
        report.add(f"the entries lead to another root than the one signed at size {size}")
    return report


def _widths(size: int) -> list[int]:
    full, rest = divmod(size, TILE_WIDTH)
    return [TILE_WIDTH] * full + [rest] * bool(rest)


def _compare(reader: LogReader, tile: Tile, expected: bytes, report: FsckReport) -> None:
    try:
        served = reader.tile(tile)
    except Unavailable as exc:
        report.add(f"{tile.path}: {exc}")
        return
    report.tiles += 1
    if served != expected:
        at = next((at for at in range(tile.width) if served[32 * at :][:32] != expected[32 * at :][:32]), 0)
        report.add(f"{tile.path}: hash {at} is not that of the entries")


def _check_forms(entries: list[bytes], first: int, report: FsckReport) -> None:
    for index, entry in enumerate(entries, start=first):
        if len(entry) != COMMITMENT_BYTES or entry[0] != COMMITMENT_VERSION:
            report.add(
                f"entry {index} has {len(entry)} bytes, expected 0x01 and a commitment of {COMMITMENT_BYTES - 1}"
            )
