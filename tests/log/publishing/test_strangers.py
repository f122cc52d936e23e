"""The published folder in the hands of the reader that users have: whole, growing, and each entry proven."""

from consent.client.transparency.fsck import fsck
from consent.client.transparency.reader import LogReader
from consent.client.transparency.source import FolderSource
from signing.tlog_policy import Policy
from tests.log.publishing.house import House


def test_the_users_reader_finds_the_log_whole_and_proves_its_entries(house: House) -> None:
    publisher = house.publisher()
    heads = []
    for count in (3, 600, 1):
        house.append(count)
        publisher.turn()
        source = FolderSource(house.root / "objects" / "log" / "test")
        reader = LogReader(source, Policy.of_log(house.vkey))
        report = fsck(reader, commitments_only=True)
        assert report.is_whole, report.faults
        heads.append(reader.head())
        for index in (0, 2, heads[-1].checkpoint.size - 1):
            assert len(reader.entry(index, heads[-1])) == 33
    reader.check_growth(heads[0], heads[1])
    reader.check_growth(heads[1], heads[2])
    publisher.close()
