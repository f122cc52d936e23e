"""A declared loss: the history goes on from what is left, under a new id, and everybody may read what was lost."""

from pathlib import Path
from typing import Any

import pytest

from consent.log.errors import GuardUnavailableError, RolledBackError, StoreUnavailableError
from tests.log.history import connected_to, database_url, event, file_ports, new_database

REASON = "The data centre burned down, and the last copy is from Tuesday."


def _append(ports: Any, count: int, *, livemode: bool = True) -> None:
    from consent.log.transaction import history_transaction

    for _ in range(count):
        with history_transaction(livemode, ports) as tx:
            tx.append(event())


@pytest.fixture
def rolled_back(own_database: str, postgres_server: str, tmp_path: Path) -> Any:
    """Ports over a database that lacks three acknowledged events of the live side; Django is connected to it."""
    from django.db import connection

    from consent.log.start import initialise

    ports = file_ports(tmp_path)
    initialise(ports)
    _append(ports, 2)
    connection.close()
    name = own_database.rpartition("/")[2]
    with new_database(postgres_server, template=name) as copy:
        _append(ports, 3)
        connection.close()
        with connected_to(database_url(postgres_server, copy)):
            yield file_ports(tmp_path)


def test_what_is_missing_is_told_by_side(rolled_back: Any) -> None:
    from consent.log.heads import read_head
    from consent.log.new_history import lost_after

    lost = lost_after(True, rolled_back)
    assert lost is not None and (lost.seq, read_head(True).seq) == (5, 2)
    assert lost_after(False, rolled_back) is None


def test_after_a_declared_loss_the_history_goes_on_under_a_new_id(rolled_back: Any) -> None:
    from consent.log.heads import read_head
    from consent.log.new_history import declare_loss, generation, losses
    from consent.log.start import heads, start
    from consent.log.verify import verify_history

    with pytest.raises(RolledBackError):
        _append(rolled_back, 1)
    before = read_head(True).database_id
    told = declare_loss(rolled_back, reason=REASON)
    assert [(each.livemode, each.kept, each.lost, each.reason) for each in told] == [
        (True, 2, 5, REASON),
        (False, 0, 0, REASON),
    ]
    start(rolled_back)
    live, test = heads(rolled_back)
    assert live.database_id == test.database_id != before
    _append(rolled_back, 1)
    for side in (True, False):
        verify_history(side)
        assert generation(side) == 1
    assert list(told) == losses(rolled_back)


def test_who_saw_the_lost_history_is_off_the_new_one(rolled_back: Any) -> None:
    from consent.log.errors import PositionConflictError
    from consent.log.heads import read_head, require_on_history
    from consent.log.new_history import declare_loss

    lost = rolled_back.guard.refresh(True).position
    declare_loss(rolled_back, reason=REASON)
    _append(rolled_back, 4)
    assert read_head(True).seq > lost.seq
    with pytest.raises(PositionConflictError):
        require_on_history(lost, read_head(True))


def test_a_process_that_saw_the_lost_history_goes_on_refusing(rolled_back: Any, tmp_path: Path) -> None:
    from consent.log.new_history import declare_loss

    running = file_ports(tmp_path)
    running.guard.refresh(True)
    declare_loss(rolled_back, reason=REASON)
    with pytest.raises(RolledBackError):
        _append(running, 1)


def test_nothing_is_declared_where_nothing_is_missing(rolled_back: Any) -> None:
    from consent.log.heads import read_head
    from consent.log.new_history import declare_loss, generation

    declare_loss(rolled_back, reason=REASON)
    before = read_head(True)
    with pytest.raises(RolledBackError, match="nothing is missing"):
        declare_loss(rolled_back, reason=REASON)
    assert generation(True) == 1 and read_head(True).database_id == before.database_id


def test_a_store_that_fails_half_way_leaves_a_refusal_and_the_next_call_ends_it(
    rolled_back: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.heads import read_head
    from consent.log.new_history import declare_loss, generation
    from consent.log.start import heads
    from consent.log.storage_file import FileObjectStore

    def fails(self: FileObjectStore, key: str) -> None:
        raise StoreUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(FileObjectStore, "delete", fails)
        with pytest.raises(GuardUnavailableError):
            declare_loss(rolled_back, reason=REASON)
    with pytest.raises(RolledBackError):
        heads(file_ports(tmp_path))
    again = file_ports(tmp_path)
    declare_loss(again, reason=REASON)
    heads(again)
    assert generation(True) == generation(False) == 1
    assert read_head(True).seq == 3


def test_the_head_is_as_well_guarded_as_before(rolled_back: Any) -> None:
    from django.db import IntegrityError, connection

    from consent.log.database_safety import check_database
    from consent.log.new_history import declare_loss

    declare_loss(rolled_back, reason=REASON)
    check_database()
    with pytest.raises(IntegrityError, match="only goes forward"), connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET database_id = 'another'")


def test_without_the_store_the_loss_is_of_unknown_length(rolled_back: Any, tmp_path: Path) -> None:
    from consent.log.errors import GuardMissingError
    from consent.log.new_history import declare_loss
    from consent.log.start import start

    for path in (tmp_path / "objects").rglob("*-*"):
        path.unlink()
    ports = file_ports(tmp_path)
    with pytest.raises(GuardMissingError):
        start(ports)
    assert [each.lost for each in declare_loss(ports, reason=REASON)] == [None, None]
    start(ports)


def test_what_is_acknowledged_while_one_looks_is_not_lost(
    rolled_back: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log import new_history
    from consent.log.heads import read_head

    new_history.declare_loss(rolled_back, reason=REASON)
    looked = False

    def meanwhile(livemode: bool) -> Any:
        nonlocal looked
        head = read_head(livemode)
        if livemode and not looked:
            looked = True
            _append(file_ports(tmp_path), 1)  # a process that was not stopped
        return head

    monkeypatch.setattr(new_history, "read_head", meanwhile)
    assert new_history.lost_after(True, rolled_back) is None and looked
    looked = False
    with pytest.raises(RolledBackError, match="nothing is missing"):
        new_history.declare_loss(file_ports(tmp_path), reason=REASON)
    assert looked and new_history.generation(True) == 1


def test_a_backup_of_a_declaration_does_not_pass_for_the_one_that_is_needed_now(
    rolled_back: Any, postgres_server: str, tmp_path: Path
) -> None:
    from django.db import connection

    from consent.log.new_history import declare_loss, generation
    from consent.log.start import heads

    def copied() -> Any:
        connection.close()
        return new_database(postgres_server, template=str(connection.settings_dict["NAME"]))

    declare_loss(rolled_back, reason=REASON)
    with copied() as backup:
        _append(rolled_back, 1)
        with copied() as behind:
            _append(rolled_back, 1)
            connection.close()
            with connected_to(database_url(postgres_server, behind)):
                declare_loss(file_ports(tmp_path), reason=REASON)
                assert generation(True) == 2
            with connected_to(database_url(postgres_server, backup)):
                again = file_ports(tmp_path)
                with pytest.raises(RolledBackError):
                    heads(again)
                declare_loss(again, reason=REASON)
                assert generation(True) == 2 and generation(False) == 2
                heads(file_ports(tmp_path))
