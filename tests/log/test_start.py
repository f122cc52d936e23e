"""Starting: an empty database, a known one, a wrong one, and one that lost acknowledged history."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from django import db

from consent.log.errors import (
    GuardMissingError,
    GuardUnavailableError,
    KeyStoreUnavailableError,
    RolledBackError,
    StoreUnavailableError,
    UnsafeDatabaseError,
)
from consent.log.ports import LogPorts
from tests.log.history import (
    connected_to,
    database_url,
    event,
    file_ports,
    new_database,
)


def _append(ports: LogPorts, count: int = 1) -> None:
    from consent.log.transaction import history_transaction

    with history_transaction(True, ports) as tx:
        for _ in range(count):
            tx.append(event())


def test_an_empty_database_gets_both_histories_with_a_genesis_event(
    own_database: str, tmp_path: Path
) -> None:
    from consent.log.events import open_event
    from consent.log.heads import read_head
    from consent.log.models import Event
    from consent.log.start import start

    ports = file_ports(tmp_path)
    start(ports)
    live, test = read_head(True), read_head(False)
    assert (live.seq, test.seq) == (0, 0)
    assert live.chain != test.chain
    assert live.database_id == test.database_id
    assert len(live.database_id) == 32
    for side in (True, False):
        opened = open_event(Event.objects.get(livemode=side), ports=ports)
        assert opened.event["body"] == {"database_id": live.database_id}


def test_starting_again_changes_nothing(own_database: str, tmp_path: Path) -> None:
    from consent.log.heads import read_head
    from consent.log.start import initialise, start

    start(file_ports(tmp_path))
    before = read_head(True), read_head(False)
    ports = file_ports(tmp_path)
    start(ports)
    initialise(ports)
    after = read_head(True), read_head(False)
    assert [head.position for head in after] == [head.position for head in before]
    assert after[0].database_id == before[0].database_id


def test_processes_that_start_at_once_make_one_genesis(own_database: str, tmp_path: Path) -> None:
    import threading

    from consent.log.start import start
    from consent.log.verify import verify_history

    failures: list[object] = []

    def begin() -> None:
        try:
            start(file_ports(tmp_path))
        except Exception as exc:
            failures.append(exc)
            raise
        finally:
            db.connection.close()

    file_ports(tmp_path)
    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert verify_history(True).seq == verify_history(False).seq == 0


def test_a_start_that_died_between_database_and_guard_is_taken_up(
    own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.heads import read_head
    from consent.log.start import start

    ports = file_ports(tmp_path)

    def fail(*args: object, **kwargs: object) -> None:
        raise StoreUnavailableError("no space left")

    monkeypatch.setattr(ports.objects, "put", fail)
    with pytest.raises(GuardUnavailableError):
        start(ports)
    assert read_head(True).seq == 0
    start(file_ports(tmp_path))
    assert read_head(False).seq == 0


def test_a_guard_that_is_missing_beside_a_used_database_refuses_to_start(
    own_database: str, tmp_path: Path
) -> None:
    from consent.log.start import start

    ports = file_ports(tmp_path)
    start(ports)
    _append(ports)
    shutil.rmtree(tmp_path / "objects")
    with pytest.raises(GuardMissingError):
        start(file_ports(tmp_path))


def test_an_empty_database_beside_a_guard_refuses_to_start(
    own_database: str, postgres_server: str, tmp_path: Path
) -> None:
    from consent.log.start import start
    from tests.log.history import migrate

    ports = file_ports(tmp_path)
    start(ports)
    with new_database(postgres_server) as name, connected_to(database_url(postgres_server, name)):
        migrate()
        with pytest.raises(RolledBackError):
            start(file_ports(tmp_path))


def test_a_database_restored_from_an_old_copy_answers_rolled_back_until_the_history_is_back(
    own_database: str, postgres_server: str, tmp_path: Path
) -> None:
    from consent.log.start import heads, start
    from consent.log.transaction import history_transaction

    ports = file_ports(tmp_path)
    start(ports)
    _append(ports, 3)
    db.connection.close()
    with new_database(postgres_server, template=own_database.rpartition("/")[2]) as copy:
        _append(ports, 2)
        with connected_to(database_url(postgres_server, copy)):
            later = file_ports(tmp_path)
            start(later)  # up, but it answers nothing
            for known in (ports, later):
                with pytest.raises(RolledBackError):
                    heads(known)
                with pytest.raises(RolledBackError), history_transaction(True, known) as tx:
                    tx.append(event())
        live, _ = heads(later)
        assert live.seq == 5
        _append(later)


def test_a_restored_database_that_was_written_past_the_loss_is_still_refused(
    own_database: str, postgres_server: str, tmp_path: Path
) -> None:
    """Somebody ran it beside another object store: it is further on than the acknowledged one, and another."""
    from consent.log.start import heads, initialise, start

    ports = file_ports(tmp_path / "one")
    start(ports)
    _append(ports, 3)
    db.connection.close()
    with new_database(postgres_server, template=own_database.rpartition("/")[2]) as copy:
        _append(ports, 2)
        with connected_to(database_url(postgres_server, copy)):
            unguarded = file_ports(tmp_path / "two")
            initialise(unguarded)
            _append(unguarded, 10)
            guarded = file_ports(tmp_path / "one")
            start(guarded)
            with pytest.raises(RolledBackError, match="beside"):
                heads(guarded)


def test_another_key_store_or_secret_refuses_to_start(own_database: str, tmp_path: Path) -> None:
    from consent.log.keystore_file import FileKeyStore
    from consent.log.ports import log_ports
    from consent.log.start import start

    ports = file_ports(tmp_path)
    start(ports)
    other = log_ports(key_store=FileKeyStore(tmp_path / "other"), objects=ports.objects, key_secret=b"s" * 32)
    for sealer in (other.sealer, replace(ports, sealer=other.sealer).sealer):
        with pytest.raises(KeyStoreUnavailableError):
            start(replace(ports, sealer=sealer))
    wrong_secret = log_ports(
        key_store=FileKeyStore(tmp_path / "keys"), objects=ports.objects, key_secret=b"s" * 32
    )
    with pytest.raises(KeyStoreUnavailableError):
        start(replace(ports, sealer=wrong_secret.sealer))


@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
def test_a_database_that_may_forget_a_commit_refuses_to_start(
    own_database: str, tmp_path: Path, value: str
) -> None:
    from consent.log.start import start

    ports = file_ports(tmp_path)
    with db.connection.cursor() as cursor:
        cursor.execute(f"SET synchronous_commit = {value}")
    with pytest.raises(UnsafeDatabaseError, match="synchronous_commit is"):
        start(ports)
    db.connection.close()
    start(ports)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER log_event_append_only ON log_event",
        "ALTER TABLE log_event DISABLE TRIGGER log_event_append_only",
        "ALTER TABLE log_head DISABLE TRIGGER ALL",
        "ALTER TABLE log_enforcement ENABLE REPLICA TRIGGER log_enforcement_once",
    ],
)
def test_a_database_that_lost_its_triggers_refuses_to_start(
    own_database: str, tmp_path: Path, sql: str
) -> None:
    from consent.log.start import start

    with db.connection.cursor() as cursor:
        cursor.execute(sql)
    with pytest.raises(UnsafeDatabaseError, match="trigger"):
        start(file_ports(tmp_path))


def test_settings_and_server_that_are_unsafe_are_all_named(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log import database_safety

    database_safety.check_database()
    monkeypatch.setattr(database_safety, "MIN_SERVER_VERSION", 990000)
    monkeypatch.setitem(database_safety._SETTINGS, "fsync", ({"never"}, "fsync = never"))
    with pytest.raises(UnsafeDatabaseError, match="expected 15 or later; fsync is on, needed: fsync = never"):
        database_safety.check_database()
