"""What is missing or damaged of the ledger is named, and nothing that is whole."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.ledger.house import LedgerHouse

from tests.signing.samples import NOW


@pytest.fixture
def house(check_log_ports: Any, tmp_path: Path) -> "LedgerHouse":
    """A ledger of its own, with a database to ship to."""
    from tests.check.ledger.house import house

    return house(tmp_path)


def _shipped(house: "LedgerHouse") -> Any:
    from consent.check.ledger.shipping import ship

    house.keep()
    house.ledger.seal(True)
    (path,) = (house.folder / "live").glob("*.sealed")
    assert ship(house.folder, objects=house.objects, clock=lambda: NOW) == 1
    from consent.check.ledger.folder import SegmentName

    boot, _, number = path.stem.partition("-")
    return SegmentName(livemode=True, boot=boot, segment=int(number))


def _in_store(house: "LedgerHouse", name: Any) -> list[str]:
    from consent.check.ledger.inspecting import damaged_in_store

    found = damaged_in_store(house.objects, since=NOW - timedelta(days=1))
    return [each.why for each in found if each.place == name.object_key]


def test_what_is_whole_is_not_named(house: "LedgerHouse") -> None:
    from consent.check.ledger.inspecting import damaged_here

    name = _shipped(house)
    house.keep()
    house.ledger.seal(True)
    assert list(damaged_here(house.folder)) == [] and _in_store(house, name) == []


@pytest.mark.parametrize("harm", ["cut", "flipped", "renamed"])
def test_a_damaged_segment_of_this_machine_is_named_by_its_file(house: "LedgerHouse", harm: str) -> None:
    from consent.check.ledger.inspecting import damaged_here

    house.keep()
    house.ledger.seal(True)
    (path,) = (house.folder / "live").glob("*.sealed")
    data = bytearray(path.read_bytes())
    if harm == "cut":
        path.write_bytes(data[:-1])
    elif harm == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    else:
        path = path.rename(path.with_name(f"{'0' * 12}-00000007.sealed"))
    (damage,) = damaged_here(house.folder)
    assert damage.place == str(path) and damage.why


def test_a_whole_segment_that_is_not_the_one_that_was_shipped_is_named(house: "LedgerHouse") -> None:
    from consent.check.ledger.folder import SegmentName
    from consent.registry.models import LedgerSegment

    house.keep()
    house.ledger.seal(True)
    (path,) = (house.folder / "live").glob("*.sealed")
    name = SegmentName(livemode=True, boot=path.stem.partition("-")[0], segment=0)
    house.objects.put(name.object_key, path.read_bytes(), immutable=True)
    LedgerSegment.objects.create(
        livemode=True, boot=name.boot, segment=0, node="n", first=0, count=1, root="ab" * 32, previous="",
        chain="", dropped=0, sealed_at=NOW, shipped_at=NOW,
    )  # fmt: skip
    assert _in_store(house, name) == ["it is not the segment that was shipped"]


@pytest.mark.parametrize("harm", ["gone", "flipped", "another"])
def test_what_the_object_store_lost_or_changed_is_named(house: "LedgerHouse", harm: str) -> None:
    name = _shipped(house)
    (stored,) = (
        each for each in Path(house.objects._root).rglob(f"{name.segment:08d}") if name.boot in str(each)
    )
    data = bytearray(stored.read_bytes())
    if harm == "gone":
        stored.unlink()
    elif harm == "flipped":
        data[-10] ^= 1
        stored.chmod(0o600)
        stored.write_bytes(data)
    else:
        other = _shipped(house)
        (there,) = (
            each
            for each in Path(house.objects._root).rglob(f"{other.segment:08d}")
            if other.boot in str(each)
        )
        stored.chmod(0o600)
        stored.write_bytes(there.read_bytes())
    assert len(_in_store(house, name)) == 1


def test_seals_that_come_off_and_those_that_fail_are_counted(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.ledger.errors import LedgerError

    def counted() -> dict[str, float]:
        return {labels[0]: value for _, labels, value in house.ledger.figures()}

    house.keep()
    with monkeypatch.context() as patch:

        def fail(segment: Any) -> None:
            raise LedgerError("the disk is full")

        patch.setattr(house.ledger, "_seal_one", fail)
        assert house.ledger.seal(True) == 1
    assert counted() == {"sealed": 0, "failed": 1}
    assert house.ledger.seal(True) == 0
    assert counted() == {"sealed": 1, "failed": 1}
