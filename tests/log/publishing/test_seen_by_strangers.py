"""The log that the registry publishes, as the tools for strangers see it."""

from datetime import UTC, datetime
from pathlib import Path

from consent.client.transparency.fsck import fsck
from consent.client.transparency.reader import LogReader
from consent.client.transparency.source import FolderSource
from consent.client.transparency.watched import Watched
from consent.client.transparency.watching import Watcher
from signing.tlog_policy import Policy
from signing.tlog_proof import parse_proof, verify_proof
from tests.log.publishing.house import ORIGIN, House


def _reader(house: House) -> LogReader:
    from consent.log.publishing.origins import folder_of

    return LogReader(FolderSource(house.root / "objects" / folder_of(ORIGIN)), Policy.of_log(house.vkey))


def test_a_published_log_is_whole_and_followed_and_proven(house: House, tmp_path: Path) -> None:
    reader = _reader(house)
    for count in (3, 300, 1, 700):
        house.append(count)
        house.publish()
        report = fsck(reader, commitments_only=True)
        assert report.faults == []
        watcher = Watcher(reader, Watched(tmp_path / "seen"), silence_s=60, now=lambda: datetime.now(UTC))
        step = watcher.look()
        assert step is not None
        assert report.entries == step.head.checkpoint.size == house.state().size
    head = reader.head()
    for index in (0, 255, 256, head.checkpoint.size - 1):
        proof, entry = reader.prove(index, head)
        assert verify_proof(parse_proof(proof.format()), expected_entry=entry, policy=reader.policy)


def test_a_flipped_bit_in_what_is_published_is_found(house: House) -> None:
    from consent.log.publishing.origins import folder_of

    house.append(600)
    house.publish()
    folder = house.root / "objects" / folder_of(ORIGIN)
    for path in ("tile/0/001", "tile/entries/001"):
        place = folder / path
        data = bytearray(place.read_bytes())
        data[100] ^= 1
        place.chmod(0o600)
        place.write_bytes(bytes(data))
        assert not fsck(_reader(house)).is_whole
        data[100] ^= 1
        place.write_bytes(bytes(data))
    assert fsck(_reader(house)).is_whole
