"""A tile that somebody else is just writing is looked at again; one that stays other halts the log."""

from pathlib import Path

import pytest

from consent.log.errors import ImmutableError, PublicationHaltedError
from consent.log.storage_file import FileObjectStore
from signing.tiles import Tile
from tests.log.publishing.house import publishing_ports

TILE = Tile(0, 0, 1)
DATA = bytes(32)


class _HalfWritten(FileObjectStore):
    """A store that shows the object of another writer half written for the first looks, as `rclone serve s3` does."""

    def __init__(self, root: Path, *, looks: int) -> None:
        super().__init__(root)
        self.left = looks

    def put(self, key: str, data: bytes, *, immutable: bool) -> None:
        if self.left:
            self.left -= 1
            raise ImmutableError(f"object {key} already holds other bytes")
        super().put(key, data, immutable=immutable)


@pytest.mark.parametrize("looks", [0, 1, 3, 4, 9])
def test_an_object_is_given_three_more_looks_before_it_halts(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    from consent.log.publishing import uploading
    from consent.log.publishing.edge import NewTile

    monkeypatch.setattr(uploading, "PAUSE_S", 0)
    store = _HalfWritten(tmp_path, looks=looks)
    uploader = uploading.Uploader(publishing_ports(store), folder="log/test/", livemode=False)
    try:
        if looks < uploading.LOOKS:
            uploader.upload([NewTile(tile=TILE, data=DATA)])
            assert store.get(f"log/test/{TILE.path}") == DATA
        else:
            with pytest.raises(
                PublicationHaltedError, match="holds other bytes than the database's entries give"
            ):
                uploader.upload([NewTile(tile=TILE, data=DATA)])
            assert store.left == looks - uploading.LOOKS
    finally:
        uploader.close()
