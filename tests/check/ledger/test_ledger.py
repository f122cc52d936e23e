"""What was answered is in the ledger, once, in order, and its receipt is found by whoever asked."""

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.signing.samples import END, an_id

if TYPE_CHECKING:
    from consent.check.ledger.draft import Kept
    from tests.check.ledger.house import LedgerHouse


@pytest.fixture
def house(database: str, tmp_path: Path) -> "LedgerHouse":
    """A process's ledger; it seals when the test says so."""
    from tests.check.ledger import house as made

    return made.house(tmp_path)


def _refused(house: "LedgerHouse", decision: str, **of: Any) -> str:
    from consent.registry.errors import NotFound

    with pytest.raises(NotFound) as caught:
        house.find(decision, **of)
    return str(caught.value)


def _gapless(house: "LedgerHouse") -> int:
    """Records are counted without a gap, and segments follow each other; how many there are."""
    following: dict[tuple[bool, str], tuple[int, int, str]] = {}
    total = 0
    for each in house.sealed():
        boot = (each.root.livemode, each.root.boot)
        segment, first, chain = following.get(boot, (0, 0, "00" * 32))
        assert (each.root.segment, each.root.first, each.root.previous) == (segment, first, chain)
        assert [each.record(at).n for at in range(each.root.count)] == [
            *range(first, first + each.root.count)
        ]
        following[boot] = (segment + 1, first + each.root.count, each.root.chain)
        total += each.root.count
    return total


def test_a_kept_decision_has_a_receipt_once_it_is_sealed(house: "LedgerHouse") -> None:
    kept = [house.keep(nonce=f"n-{at}") for at in range(5)]
    _refused(house, kept[0].decision_ids[0])
    assert house.ledger.seal(True) == 0
    for at, each in enumerate(kept):
        receipt = house.verified(each)
        assert receipt.nonce == receipt.salted(f"n-{at}")
        assert receipt.item.req_sha256 == receipt.salted("0" * 64)
        house.verified(each, at=END)
    assert _gapless(house) == 5


def test_the_deciding_process_has_it_at_once(house: "LedgerHouse") -> None:
    kept = house.keep()
    from tests.check.ledger.house import ORG

    found = house.ledger.find(kept.decision_ids[0], organization=ORG, livemode=True)
    assert found.record_sha256 == kept.record_sha256
    assert house.ledger.find(kept.decision_ids[0], organization=ORG, livemode=True) == found
    assert len(house.sealed()) == 1


def test_a_batch_is_one_record_and_each_of_its_rows_leads_to_it(house: "LedgerHouse") -> None:
    kept = house.keep(rows=300)
    assert len(set(kept.decision_ids)) == 300
    house.ledger.seal(True)
    receipt = house.verified(kept)
    assert receipt.batch and [each.row for each in receipt.items] == [
        receipt.salted(f"row-{at}") for at in range(300)
    ]
    assert {house.find(each).receipt for each in kept.decision_ids[::50]} == {
        house.find(kept.decision_ids[0]).receipt
    }
    assert _gapless(house) == 1


def test_anybody_elses_decision_is_not_found_like_one_that_never_was(house: "LedgerHouse") -> None:
    from consent.core.ids import new_id

    mine, theirs = house.keep(), house.keep(audience=an_id("org", "b"))
    test = house.keep(livemode=False)
    pending = new_id("dec")
    for side in (True, False):
        house.ledger.seal(side)
    said = {
        _refused(house, theirs.decision_ids[0]),
        _refused(house, mine.decision_ids[0], livemode=False),
        _refused(house, test.decision_ids[0]),
        _refused(house, pending),
        _refused(house, "dec_x"),
    }
    assert len(said) == 1
    assert house.find(theirs.decision_ids[0], organization=an_id("org", "b")).outcome == "allow"
    assert not house.verified(test, livemode=False).livemode


def test_segments_end_by_size_and_number_and_go_on_where_the_last_ended(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.ledger import segment_ledger

    monkeypatch.setattr(segment_ledger, "MAX_BYTES", 3000)
    kept = [house.keep() for _ in range(12)]
    house.ledger.seal(True)
    monkeypatch.setattr(segment_ledger, "MAX_RECORDS", 2)
    kept += [house.keep() for _ in range(5)]
    house.ledger.seal(True)
    assert len(house.sealed()) > 5 and _gapless(house) == 17
    for each in kept:
        house.verified(each)


def test_a_boot_that_has_used_its_numbers_is_followed_by_a_new_one(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.ledger import segment_ledger

    monkeypatch.setattr(segment_ledger, "MAX_SEGMENTS", 2)
    for _ in range(5):
        house.keep()
        house.ledger.seal(True)
    assert len({each.root.boot for each in house.sealed()}) == 3
    assert _gapless(house) == 5


def test_nothing_asked_nothing_written(house: "LedgerHouse") -> None:
    house.ledger.seal(True)
    assert house.sealed() == [] and house.recover() == 0


def test_it_seals_by_itself(database: str, tmp_path: Path) -> None:
    import time

    from tests.check.ledger import house as made

    house = made.house(tmp_path, seal_s=0.05)
    kept = house.keep()
    for _ in range(200):
        if house.sealed():
            break
        time.sleep(0.05)
    house.ledger.stop()
    house.verified(kept)


def test_many_threads_keep_at_once_while_segments_are_sealed(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.ledger import segment_ledger

    monkeypatch.setattr(segment_ledger, "MAX_BYTES", 20_000)
    monkeypatch.setattr(segment_ledger, "MAX_WAITING", 10_000)
    kept: list[Kept] = []

    def work(livemode: bool) -> None:
        for at in range(150):
            kept.append(house.keep(livemode=livemode, rows=at % 3))
            if at % 40 == 0:
                house.ledger.seal(livemode)

    threads = [threading.Thread(target=work, args=(at % 2 == 0,)) for at in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for side in (True, False):
        assert house.ledger.seal(side) == 0
    assert _gapless(house) == len(kept) == 900
    ids = [each for kept_one in kept for each in kept_one.decision_ids]
    assert len(set(ids)) == len(ids)


def test_two_processes_and_a_fork_write_beside_each_other(house: "LedgerHouse", tmp_path: Path) -> None:
    from tests.check.ledger import house as made

    other = made.house(tmp_path)
    kept = [house.keep(), other.keep()]
    child = os.fork()
    if child == 0:  # the child is another process
        status = 1
        try:
            again = house.keep(nonce="child")
            house.ledger.seal(True)
            house.verified(again)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert house.recover() == 0  # all writers live
    kept += [house.keep(), other.keep()]
    house.ledger.seal(True)
    other.ledger.seal(True)
    for each in kept:
        house.verified(each)
    assert len({each.root.boot for each in house.sealed()}) == 3
    assert len({each.root.node for each in house.sealed()}) == 3
    assert _gapless(house) == 5


def test_a_hundred_thousand_records(house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from consent.check.ledger import segment_ledger
    from consent.check.ledger.draft import Kept
    from tests.check.ledger.house import AS_OF, single

    monkeypatch.setattr(segment_ledger, "MAX_WAITING", 100)
    one = single()
    began = time.perf_counter()
    kept = [house.ledger.keep_one(one, livemode=True, at=AS_OF) for _ in range(100_000)]
    took = time.perf_counter() - began
    began = time.perf_counter()
    house.ledger.seal(True)
    sealing = time.perf_counter() - began
    print(
        f"ledger: {100_000 / took:,.0f} records/s, {took * 10:.1f} µs each; sealing {sealing * 10:.2f} µs each"
    )
    sealed = house.sealed()
    assert sum(each.root.count for each in sealed) == 100_000
    for name, record_sha256 in (kept[0], kept[65_535], kept[-1]):
        house.verified(Kept(decision_ids=[name], record_sha256=record_sha256))
