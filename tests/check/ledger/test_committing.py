"""The history commits to what was shipped, once, whoever fails or races; its rows become runs."""

import hashlib
import secrets
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.signing.samples import NOW

if TYPE_CHECKING:
    from tests.check.ledger.house import LedgerHouse


@pytest.fixture
def house(check_log_ports: Any, tmp_path: Path) -> "LedgerHouse":
    """A ledger of its own, that ships into the object store of the history's ports."""
    from tests.check.ledger.house import house

    made = house(tmp_path)
    made.objects = check_log_ports.objects
    return made


def test_a_commitment_names_each_segment_by_the_digest_of_its_file(
    house: "LedgerHouse", check_log_ports: Any
) -> None:
    from consent.registry.ledger_objects import list_key
    from consent.registry.queries.commitments import event_of
    from signing.ledger_commitment import check_list
    from tests.check.ledger import committing as made

    made.shipped(house)
    made.shipped(house, records=3)
    assert made.commit(check_log_ports, house) == 2
    newest = made.newest()
    data = check_log_ports.objects.get(list_key(newest.said.list, livemode=True))
    segments = check_list(data, expected=newest.said)
    assert [(each.segment, each.first, each.count) for each in segments] == [(0, 0, 2), (1, 2, 3)]
    for each in segments:
        stored = check_log_ports.objects.get(f"ledger/live/{each.boot}/{each.segment:08d}")
        assert hashlib.sha256(stored).hexdigest() == each.object
    found = event_of(newest, ports=check_log_ports)
    assert found.opened.event["kind"] == "ledger.committed" and found.opened.event["livemode"] is True


def test_commitments_name_the_one_before(house: "LedgerHouse", check_log_ports: Any) -> None:
    from tests.check.ledger import committing as made

    made.shipped(house)
    made.commit(check_log_ports, house)
    first = made.newest()
    made.shipped(house)
    made.commit(check_log_ports, house)
    assert (made.newest().number, made.newest().said.previous) == (first.number + 1, first.said.digest)


def test_rows_become_one_run_a_boot_and_are_never_committed_to_twice(
    house: "LedgerHouse", check_log_ports: Any
) -> None:
    from tests.check.ledger import committing as made

    for count in (1, 2, 3):
        made.shipped(house, records=count)
        assert made.commit(check_log_ports, house) == 1
    assert made.runs(house) == [(0, 2, 0, 6)] and made.waiting_of(house) == 0
    assert made.commit(check_log_ports, house) == 0


def test_what_was_sealed_long_ago_is_a_run_of_its_own(house: "LedgerHouse", check_log_ports: Any) -> None:
    from consent.registry.models.ledger import LedgerSegment
    from tests.check.ledger import committing as made

    made.shipped(house)
    LedgerSegment.objects.filter(boot=made.boot_of(house)).get()
    made.commit(check_log_ports, house)
    house.keep(issued_s=int((NOW - timedelta(days=3650)).timestamp()))
    house.ledger.seal(True)
    made.ship_all(house)
    made.commit(check_log_ports, house)
    assert made.runs(house) == [(0, 0, 0, 2), (1, 1, 2, 1)]


def test_a_segment_that_is_shipped_again_after_its_commitment_is_neither_counted_nor_waiting(
    house: "LedgerHouse", check_log_ports: Any
) -> None:
    from tests.check.ledger import committing as made

    made.shipped(house)
    (path,) = (house.folder / "live").glob("*.shipped")
    made.commit(check_log_ports, house)
    path.rename(path.with_suffix(".sealed"))  # the relay died between recording it and setting it aside
    assert made.ship_all(house) == 1
    assert made.waiting_of(house) == 0 and made.runs(house) == [(0, 0, 0, 2)]


@pytest.mark.parametrize("persists", [False, True], ids=["fails_and_does_not_persist", "fails_but_persists"])
def test_a_store_that_fails_leaves_at_most_a_list_that_nobody_names(
    house: "LedgerHouse", check_log_ports: Any, monkeypatch: pytest.MonkeyPatch, persists: bool
) -> None:
    from consent.log.errors import StoreUnavailableError
    from tests.check.ledger import committing as made

    made.shipped(house)
    made.shipped(house)
    before = made.commitments()
    real = check_log_ports.objects.put

    def fails(key: str, data: bytes, *, immutable: bool) -> None:
        if persists:
            real(key, data, immutable=immutable)
        raise StoreUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(check_log_ports.objects, "put", fails)
        with pytest.raises(StoreUnavailableError):
            made.commit(check_log_ports, house)
    assert (made.commitments(), made.waiting_of(house)) == (before, 2)
    assert made.commit(check_log_ports, house) == 2
    assert made.runs(house) == [(0, 1, 0, 4)] and made.commitments() == before + 1


def test_dying_between_the_list_and_the_event_leaves_everything_to_the_next_round(
    house: "LedgerHouse", check_log_ports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.registry.operations import commit_ledger as operation
    from tests.check.ledger import committing as made

    class Died(BaseException):
        pass

    def die(*given: Any, **named: Any) -> Any:
        raise Died

    for place in ("history_transaction", "_keep", "NewEvent"):
        made.shipped(house)
        with monkeypatch.context() as patch:
            patch.setattr(operation, place, die)
            with pytest.raises(Died):
                made.commit(check_log_ports, house)
    assert made.waiting_of(house) == 3
    assert made.commit(check_log_ports, house) == 3
    assert made.runs(house) == [(0, 2, 0, 6)]


def test_two_relays_at_once_commit_once(house: "LedgerHouse", check_log_ports: Any) -> None:
    from django.db import connection

    from tests.check.ledger import committing as made

    made.shipped(house)
    made.boot_of(house)
    barrier, done = threading.Barrier(4), []

    def relay() -> None:
        try:
            barrier.wait(30)
            done.append(made.commit(check_log_ports, house))
        finally:
            connection.close()

    threads = [threading.Thread(target=relay) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done)[-1] == 1 and sum(done) == 1
    assert made.runs(house) == [(0, 0, 0, 2)]


def test_the_database_lets_no_row_go_that_is_in_no_run(house: "LedgerHouse", check_log_ports: Any) -> None:
    from django.db import IntegrityError, connection

    from tests.check.ledger import committing as made

    made.shipped(house)
    for statement in (
        "DELETE FROM registry_ledgersegment WHERE boot = %s",
        "UPDATE registry_ledgersegment SET count = 9 WHERE boot = %s",
        "DELETE FROM registry_ledgerrun WHERE boot = %s",
        "DELETE FROM registry_ledgercommitment WHERE list = %s",
    ):
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute(statement, [made.boot_of(house)])
    made.commit(check_log_ports, house)
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registry_ledgerrun SET first_segment = 7 WHERE boot = %s", [made.boot_of(house)]
        )


def test_what_a_former_version_shipped_is_committed_to_by_reading_it(
    house: "LedgerHouse", check_log_ports: Any
) -> None:
    from consent.check.ledger.committing import Committer
    from consent.registry.models.ledger import LedgerSegment
    from consent.registry.queries.commitments import is_committed
    from tests.check.ledger import committing as made

    made.shipped(house)
    boot = made.boot_of(house)
    _forget_digest(boot)
    lost = secrets.token_hex(6)
    LedgerSegment.objects.create(
        livemode=True, boot=lost, segment=0, node="n", first=0, count=1, root="ab" * 32, previous="00" * 32,
        chain="cd" * 32, dropped=0, sealed_at=NOW, shipped_at=NOW,
    )  # fmt: skip
    committer = Committer()
    _past_the_turn(committer, check_log_ports)
    assert is_committed(livemode=True, boot=boot, segment=0)
    assert not is_committed(livemode=True, boot=lost, segment=0)  # the store has no such segment
    assert LedgerSegment.objects.filter(boot=lost).exists()


def test_a_round_comes_at_most_every_ten_seconds(
    house: "LedgerHouse", check_log_ports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.ledger import committing
    from tests.check.ledger import committing as made

    made.shipped(house)
    _past_the_turn(committing.Committer(), check_log_ports)
    before = made.commitments()
    made.shipped(house)
    assert committing.Committer().commit(check_log_ports, livemode=True) == 0
    assert (made.commitments(), made.waiting_of(house)) == (before, 1)


def _past_the_turn(committer: Any, ports: Any) -> None:
    """A round as if the last one had been long ago."""
    from consent.check.ledger import committing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(committing, "_TURN", timedelta(0))
        committer.commit(ports, livemode=True)


def _forget_digest(boot: str) -> None:
    """Make its rows those of a former version."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE registry_ledgersegment DISABLE TRIGGER registry_ledgersegment_append_only;"
            "UPDATE registry_ledgersegment SET object_sha256 = NULL WHERE boot = %(boot)s;"
            "ALTER TABLE registry_ledgersegment ENABLE ALWAYS TRIGGER registry_ledgersegment_append_only",
            {"boot": boot},
        )


def test_a_gap_between_committed_segments_is_told_and_closed_by_what_comes_late(
    house: "LedgerHouse", check_log_ports: Any
) -> None:
    from consent.registry.queries.ledger import LATE, ledger_gaps
    from tests.check.ledger import committing as made

    for _ in range(3):
        house.keep()
        house.ledger.seal(True)
    boot = made.boot_of(house)
    (house.folder / "live" / f"{boot}-00000001.sealed").rename(house.folder / "lost")

    def gaps() -> list[tuple[int, int, int]]:
        from consent.registry.clock import database_clock

        now = database_clock()
        found = ledger_gaps(now=now + LATE + timedelta(seconds=1), since=now - timedelta(days=1))
        return [
            (each.segment, each.missing_segments, each.missing_records) for each in found if each.boot == boot
        ]

    assert made.ship_all(house) == 2 and made.commit(check_log_ports, house) == 2
    assert gaps() == [(2, 1, 1)]
    (house.folder / "lost").rename(house.folder / "live" / f"{boot}-00000001.sealed")
    assert made.ship_all(house) == 1
    assert gaps() == []
    assert made.commit(check_log_ports, house) == 1
    assert gaps() == [] and sum(count for *_, count in made.runs(house)) == 3


def test_a_commitment_changes_no_answer_and_is_told_to_nobody(
    house: "LedgerHouse", check_log_ports: Any
) -> None:
    from consent.check.feeder import HARMLESS
    from consent.log.models import Enforcement, Event
    from consent.registry.models import FeedEntry
    from signing.ledger_commitment import KIND
    from tests.check.ledger import committing as made

    made.shipped(house)
    made.commit(check_log_ports, house)
    event = Event.objects.get(event_id=made.newest().event)
    assert (event.performer_id, event.organization_id, event.grant_id) == (None, None, None)
    assert event.kind == KIND and KIND in HARMLESS
    assert not Enforcement.objects.filter(event_id=event.event_id).exists()
    assert not FeedEntry.objects.filter(livemode=True, seq=event.seq).exists()
