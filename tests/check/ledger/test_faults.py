"""Torn files, full disks and failing syncs: what was answered stays, and nothing else is answered."""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.ledger.house import LedgerHouse


@pytest.fixture
def house(database: str, tmp_path: Path) -> "LedgerHouse":
    """A process's ledger; it seals when the test says so."""
    from tests.check.ledger import house as made

    return made.house(tmp_path)


def _orphan(house: "LedgerHouse", data: bytes) -> Path:
    """A file as its dead writer left it: under its name, and nobody holds its lock."""
    (name,) = (house.folder / "live").glob("*.open")
    data = data or name.read_bytes()
    name.unlink()
    name.write_bytes(data)
    return name


def test_every_torn_end_leaves_the_whole_records_before_it(house: "LedgerHouse", tmp_path: Path) -> None:
    import shutil

    from consent.check.ledger.segment_file import scan
    from consent.registry.errors import NotFound

    kept = [house.keep(), house.keep(rows=2), house.keep()]
    (path,) = (house.folder / "live").glob("*.open")
    data = path.read_bytes()
    ends = [scan(data).records[at].stop for at in range(3)]
    for length in [*range(0, len(data), 7), *ends, *(end - 1 for end in ends)]:
        _orphan(house, data[:length] or b"c")
        whole = sum(end <= length for end in ends)
        assert house.recover() == (whole > 0)
        for at, each in enumerate(kept):
            if at < whole:
                house.verified(each)
            else:
                with pytest.raises(NotFound):
                    house.find(each.decision_ids[0])
        for each_sealed in house.sealed():
            assert each_sealed.root.dropped == length - ends[whole - 1]
            assert each_sealed.root.node != each_sealed.root.sealer
        shutil.rmtree(house.folder / "live")
        (house.folder / "live").mkdir()
        path.write_bytes(b"")


def test_what_is_no_segment_is_set_aside_and_stops_nobody(house: "LedgerHouse") -> None:
    house.keep()
    path = _orphan(house, b"something else")
    assert house.recover() == 0
    assert path.with_suffix(".broken").read_bytes() == b"something else"


def test_one_changed_byte_anywhere_in_a_sealed_segment_is_told(house: "LedgerHouse") -> None:
    from consent.check.ledger.errors import SegmentBrokenError
    from consent.check.ledger.reading import read_sealed
    from signing.errors import SigningError
    from tests.check.ledger.house import verify

    kept = [house.keep(), house.keep()]
    house.ledger.seal(True)
    (path,) = (house.folder / "live").glob("*.sealed")
    data = path.read_bytes()
    read_sealed(data)
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(SegmentBrokenError):
            read_sealed(changed)
    for changed in (b"", data[:-1], data + b"x", data + data):
        with pytest.raises(SegmentBrokenError):
            read_sealed(changed)
    path.write_bytes(data[:-1])
    with pytest.raises(SegmentBrokenError):
        house.find(kept[0].decision_ids[0])
    with pytest.raises(SigningError):
        verify("x~y~z")


def test_a_record_taken_out_or_put_elsewhere_is_told(house: "LedgerHouse") -> None:
    from consent.check.ledger.errors import SegmentBrokenError
    from consent.check.ledger.reading import read_sealed
    from consent.check.ledger.segment_file import FRAME_BYTES, scan

    for _ in range(3):
        house.keep()
    house.ledger.seal(True)
    (path,) = (house.folder / "live").glob("*.sealed")
    data = path.read_bytes()
    first, second, third = [data[each.start - FRAME_BYTES : each.stop] for each in scan(data).records]
    for changed in (
        data.replace(second, b""),
        data.replace(third, b""),
        data.replace(first + second, second + first),
        data.replace(third, third + third),
    ):
        with pytest.raises(SegmentBrokenError):
            read_sealed(changed)


def _fails(call: Callable[[], Any]) -> None:
    from consent.check.ledger.errors import LedgerError
    from consent.check.problems import to_api_error

    with pytest.raises(LedgerError) as caught:
        call()
    assert to_api_error(caught.value).code == "ledger"


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """Lets no file of this process grow beyond so many bytes, as a disk does that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_nothing_more_and_loses_nothing(
    house: "LedgerHouse", full_disk: Callable[[int], None]
) -> None:
    kept = [house.keep()]
    (path,) = (house.folder / "live").glob("*.open")
    full_disk(path.stat().st_size + 1000)
    kept.append(house.keep())
    size = path.stat().st_size
    for _ in range(3):
        _fails(lambda: house.keep(rows=5))  # a part of it fits, and is taken back
        assert path.stat().st_size == size
    full_disk(resource.RLIM_INFINITY)
    kept.append(house.keep())
    house.ledger.seal(True)
    for each in kept:
        house.verified(each)
    assert [each.root.count for each in house.sealed()] == [3]


def test_a_disk_too_full_for_a_new_segment_answers_nothing(
    house: "LedgerHouse", full_disk: Callable[[int], None]
) -> None:
    full_disk(10)
    _fails(house.keep)
    full_disk(resource.RLIM_INFINITY)
    assert list((house.folder / "live").iterdir()) == []
    kept = house.keep()
    house.ledger.seal(True)
    house.verified(kept)


def test_a_segment_that_cannot_be_sealed_stops_answers_until_it_can(
    house: "LedgerHouse", full_disk: Callable[[int], None]
) -> None:
    kept = house.keep()
    (path,) = (house.folder / "live").glob("*.open")
    full_disk(path.stat().st_size + 100)  # the trailer does not fit
    assert house.ledger.seal(True) == 1
    _fails(house.keep)
    assert house.ledger.seal(True) == 1
    full_disk(resource.RLIM_INFINITY)
    assert house.ledger.seal(True) == 0
    again = house.keep()
    house.ledger.seal(True)
    house.verified(kept)
    house.verified(again)
    assert [each.root.segment for each in house.sealed()] == [0, 1]
    assert list((house.folder / "live").glob("*.open")) == []


def _failing(real: Callable[..., Any], *, first: int, persists: bool) -> Callable[..., Any]:
    """A system call that fails `first` times, after or instead of what it should do."""
    left = [first]

    def call(*given: Any, **named: Any) -> Any:
        if not left[0]:
            return real(*given, **named)
        left[0] -= 1
        if persists:
            real(*given, **named)
        raise OSError(errno.EIO, "Input/output error")

    return call


@pytest.mark.parametrize("persists", [False, True], ids=["fails_and_does_not_persist", "fails_but_persists"])
@pytest.mark.parametrize("what", ["write", "fsync", "rename"])
def test_a_failing_call_while_sealing_loses_and_doubles_nothing(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch, what: str, persists: bool
) -> None:
    kept = house.keep()
    with monkeypatch.context() as patch:
        patch.setattr(os, what, _failing(getattr(os, what), first=1, persists=persists))
        assert house.ledger.seal(True) == 1
        _fails(house.keep)
        assert house.ledger.seal(True) == 0
    house.verified(kept)
    again = house.keep()
    house.ledger.seal(True)
    house.verified(again)
    assert house.recover() == 0
    assert [each.root.count for each in house.sealed()] == [1, 1]


@pytest.mark.parametrize("persists", [False, True], ids=["fails_and_does_not_persist", "fails_but_persists"])
def test_a_failing_write_is_no_answer_and_leaves_no_record(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch, persists: bool
) -> None:
    kept = [house.keep()]
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _failing(os.write, first=1, persists=persists))
        _fails(house.keep)
    kept.append(house.keep())
    house.ledger.seal(True)
    for each in kept:
        house.verified(each)
    assert [each.root.count for each in house.sealed()] == [2]


def test_a_file_that_cannot_be_cut_takes_no_more_records(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [house.keep()]
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _failing(os.write, first=1, persists=True))
        patch.setattr(os, "ftruncate", _failing(os.ftruncate, first=1, persists=False))
        _fails(house.keep)
    kept.append(house.keep())
    house.ledger.seal(True)
    for each in kept:
        house.verified(each)
    assert [(each.root.segment, each.root.first, each.root.count) for each in house.sealed()] == [
        (0, 0, 1),
        (1, 1, 1),
    ]


def test_a_first_write_that_cannot_be_cut_leaves_no_gap(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    house.keep()
    house.ledger.seal(True)
    real, calls = os.write, [0]

    def second_fails(descriptor: int, data: bytes) -> int:
        calls[0] += 1
        if calls[0] == 2:  # the first is the header's
            real(descriptor, data)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", second_fails)
        patch.setattr(os, "ftruncate", _failing(os.ftruncate, first=1, persists=False))
        _fails(house.keep)
    kept = house.keep()
    house.ledger.seal(True)
    house.verified(kept)
    assert [(each.root.segment, each.root.first) for each in house.sealed()] == [(0, 0), (1, 1)]


def test_a_record_that_no_reader_would_take_for_whole_is_not_written(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.ledger import open_segment, segment_file
    from signing import ledger_record

    longest = 4096  # as if: the real bound is the same for all three
    assert open_segment.MAX_RECORD_BYTES == segment_file.MAX_RECORD_BYTES == ledger_record.MAX_RECORD_BYTES
    monkeypatch.setattr(open_segment, "MAX_RECORD_BYTES", longest)
    monkeypatch.setitem(segment_file._LONGEST, segment_file._RECORD, longest)
    kept = house.keep()
    _fails(lambda: house.keep(rows=longest // 256))
    after = house.keep()
    house.ledger.seal(True)
    house.verified(kept)
    house.verified(after)
