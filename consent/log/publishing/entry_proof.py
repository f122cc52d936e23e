"""Proofs of single entries out of the published tiles, checked before they leave."""

import logging

from consent.log.errors import ObjectMissingError
from consent.log.objects import ObjectStore
from consent.log.publishing.origins import folder_of
from consent.log.publishing.standing import CHECKPOINT
from consent.log.publishing.state import published_origin
from signing.checkpoint import parse_checkpoint
from signing.errors import SigningError
from signing.merkle import leaf_hash, verify_inclusion
from signing.note import parse_note
from signing.tlog_proof import TlogProof
from signing.tree_proofs import TileHashes, inclusion_proof_at

_logger = logging.getLogger(__name__)


def proof_of(
    index: int, *, entry: bytes, registry: str, livemode: bool, objects: ObjectStore
) -> TlogProof | None:
    """The proof that `entry` is the `index`-th of the log that the registry at `registry` publishes now.

    None while no published checkpoint covers it. None too, with a line in the log file, where the tiles do not lead
    from this entry to their checkpoint: nothing unchecked is handed out, and `fsck` says what is wrong.

    Raises:
        StoreUnavailableError: the store failed.
    """
    origin = published_origin(registry, livemode=livemode)
    if origin is None:
        return None
    folder = folder_of(origin)
    try:
        note = objects.get(folder + CHECKPOINT)
        head = parse_checkpoint(parse_note(note).text)
        if index >= head.size:
            return None
        tiles = TileHashes(head.size, lambda tile: objects.get(folder + tile.path))
        hashes = tuple(inclusion_proof_at(index, head.size, tiles))
        verify_inclusion(index=index, size=head.size, leaf=leaf_hash(entry), proof=hashes, root=head.root)
    except (ObjectMissingError, SigningError) as exc:
        _logger.error("entry %d of %s cannot be proven: %s", index, origin, type(exc).__name__)
        return None
    return TlogProof(index=index, hashes=hashes, checkpoint=note)
