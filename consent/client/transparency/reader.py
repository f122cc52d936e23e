"""A log read through its tiles: heads under a policy, proofs that were checked, entries that belong to a head."""

from collections import OrderedDict
from collections.abc import Iterator

from consent.client.transparency.source import LogSource, Missing
from signing.errors import SignatureError
from signing.merkle import HASH_BYTES, leaf_hash, verify_consistency, verify_inclusion
from signing.note import MAX_NOTE_BYTES
from signing.signed_checkpoint import SignedCheckpoint
from signing.tiles import ENTRIES, MAX_ENTRY_BYTES, TILE_WIDTH, Tile, parse_bundle, width_at
from signing.tlog_policy import Policy
from signing.tlog_proof import TlogProof
from signing.tree_proofs import TileHashes, consistency_proof_at, inclusion_proof_at

MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)
CACHED_TILES = 256  # two megabytes; a proof in a log of 2^40 entries needs ten


class LogReader:
    """A log at `source`, whose heads must satisfy `policy`."""

    def __init__(self, source: LogSource, policy: Policy) -> None:
        self._source = source
        self.policy = policy
        self._cache: OrderedDict[Tile, bytes] = OrderedDict()

    def head(self) -> SignedCheckpoint:
        """The checkpoint that the log shows now.

        Raises:
            Unavailable: it cannot be had.
            SigningError: it is malformed, or the policy does not accept it.
        """
        return self.policy.check(self._source.read("checkpoint", max_bytes=MAX_NOTE_BYTES))

    def tile(self, tile: Tile) -> bytes:
        """The bytes of a hash tile, nothing of them verified. Raises Unavailable."""
        if tile in self._cache:
            self._cache.move_to_end(tile)
            return self._cache[tile]
        data = self._read(tile, entry_bytes=HASH_BYTES)
        self._cache[tile] = data
        if len(self._cache) > CACHED_TILES:
            self._cache.popitem(last=False)
        return data

    def entry(self, index: int, head: SignedCheckpoint) -> bytes:
        """The entry at `index`, proven to be in the log of `head`.

        Raises:
            Unavailable: a file cannot be had.
            SigningError: there is no such entry, or what the log serves does not lead to its signed root.
        """
        return self.prove(index, head)[1]

    def prove(self, index: int, head: SignedCheckpoint) -> tuple[TlogProof, bytes]:
        """A proof file of the entry at `index` in the log of `head`, and the entry; as `entry`."""
        checkpoint = head.checkpoint
        hashes = inclusion_proof_at(index, checkpoint.size, TileHashes(checkpoint.size, self.tile))
        bundle, offset = divmod(index, TILE_WIDTH)
        entry = self.bundle(bundle, checkpoint.size)[offset]
        verify_inclusion(
            index=index, size=checkpoint.size, leaf=leaf_hash(entry), proof=hashes, root=checkpoint.root
        )
        proof = TlogProof(index=index, hashes=tuple(hashes), checkpoint=head.note.format())
        return proof, entry

    def check_growth(self, first: SignedCheckpoint, second: SignedCheckpoint) -> None:
        """Check, from the log's own tiles, that the log of `first` is a beginning of the log of `second`.

        Raises:
            Unavailable: a tile cannot be had.
            SigningError: the tiles do not lead from the one signed root to the other.
        """
        old, new = first.checkpoint, second.checkpoint
        proof = consistency_proof_at(old.size, new.size, TileHashes(new.size, self.tile))
        verify_consistency(
            first=old.size, second=new.size, proof=proof, first_root=old.root, second_root=new.root
        )

    def bundle(self, index: int, size: int) -> list[bytes]:
        """The entries of a bundle of the log of `size`, nothing of them verified.

        Raises:
            Unavailable: it cannot be had.
            MalformedError: it has other than the entries it must have.
        """
        tile = Tile(ENTRIES, index, width_at(ENTRIES, index, size))
        try:
            data = self._source.read(tile.path, max_bytes=MAX_BUNDLE_BYTES)
        except Missing:
            if tile.is_full:
                raise
            data = self._source.read(Tile(ENTRIES, index).path, max_bytes=MAX_BUNDLE_BYTES)
            return parse_bundle(data, width=TILE_WIDTH)[: tile.width]
        return parse_bundle(data, width=tile.width)

    def bundles(self, size: int) -> Iterator[list[bytes]]:
        """Every bundle of the log of `size` in order; as `bundle`."""
        for index in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
            yield self.bundle(index, size)

    def _read(self, tile: Tile, *, entry_bytes: int) -> bytes:
        try:
            return self._source.read(tile.path, max_bytes=tile.width * entry_bytes)
        except Missing:
            # § Partial Tiles: a partial tile may be gone once the full one is there.
            if tile.is_full:
                raise
            full = self._source.read(Tile(tile.level, tile.index).path, max_bytes=TILE_WIDTH * entry_bytes)
            if len(full) != TILE_WIDTH * entry_bytes:
                raise SignatureError(f"{tile.path}: the full tile has {len(full)} bytes") from None
            return full[: tile.width * entry_bytes]
