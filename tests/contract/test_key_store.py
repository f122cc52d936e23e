"""One contract for every key store: a folder, and a second real PostgreSQL database."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent.log.errors import (
    KeyMissingError,
    KeyStoreError,
    KeyStoreUnavailableError,
    RecordDestroyedError,
)
from consent.log.keystore import KeyStore
from consent.log.keystore_database import DatabaseKeyStore
from consent.log.keystore_file import FileKeyStore
from tests.log.history import database_url, new_database


@pytest.fixture(scope="module")
def key_database(postgres_server: str) -> Iterator[str]:
    """An empty database of its own for keys; its URL."""
    with new_database(postgres_server) as name:
        yield database_url(postgres_server, name)


@pytest.fixture(scope="module", params=["file", "database"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyStore]:
    if request.param == "file":
        yield FileKeyStore(tmp_path_factory.mktemp("keys"))
        return
    made = DatabaseKeyStore(request.getfixturevalue("key_database"))
    made.prepare()
    yield made
    made.close()


def test_the_first_key_of_a_record_stays(store: KeyStore) -> None:
    assert store.create("grt_first", b"one") == b"one"
    assert store.create("grt_first", b"two") == b"one"
    assert store.read("grt_first") == b"one"


def test_a_record_without_a_key_is_said_to_have_none(store: KeyStore) -> None:
    with pytest.raises(KeyMissingError):
        store.read("grt_none")


def test_a_destroyed_key_is_gone_for_ever(store: KeyStore) -> None:
    store.create("grt_gone", b"one")
    store.destroy("grt_gone")
    store.destroy("grt_gone")
    with pytest.raises(RecordDestroyedError):
        store.read("grt_gone")
    with pytest.raises(RecordDestroyedError):
        store.create("grt_gone", b"two")
    with pytest.raises(RecordDestroyedError):
        store.read("grt_gone")


def test_a_record_destroyed_before_it_had_a_key_never_gets_one(store: KeyStore) -> None:
    store.destroy("grt_never")
    with pytest.raises(RecordDestroyedError):
        store.create("grt_never", b"one")


def test_of_many_writers_at_once_one_key_wins_and_all_are_told_the_same(store: KeyStore) -> None:
    kept: list[bytes] = []

    def create(n: int) -> None:
        kept.append(store.create("grt_race", str(n).encode()))

    threads = [threading.Thread(target=create, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 8
    assert set(kept) == {store.read("grt_race")}


def test_the_identity_is_random_and_stays(store: KeyStore) -> None:
    assert len(store.identity()) == 32
    assert store.identity() == store.identity()


@pytest.mark.parametrize("record", ["", "../x", "a/b", "A", ".x", "x" * 101, "a\x00", "a\n"])
def test_a_record_id_that_is_not_plain_is_refused(store: KeyStore, record: str) -> None:
    for call in (
        lambda: store.read(record),
        lambda: store.create(record, b""),
        lambda: store.destroy(record),
    ):
        with pytest.raises(KeyStoreError):
            call()


def test_a_folder_opened_again_is_the_same_store(tmp_path: Path) -> None:
    first = FileKeyStore(tmp_path / "keys")
    first.create("grt_x", b"one")
    again = FileKeyStore(tmp_path / "keys")
    assert again.identity() == first.identity()
    assert again.read("grt_x") == b"one"


def test_a_folder_of_keys_that_lost_its_identity_is_refused(tmp_path: Path) -> None:
    FileKeyStore(tmp_path).create("grt_x", b"one")
    (tmp_path / "identity").unlink()
    with pytest.raises(KeyStoreUnavailableError):
        FileKeyStore(tmp_path).identity()


def test_a_crash_between_tombstone_and_key_still_refuses(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    store.create("grt_x", b"one")
    key = next(tmp_path.rglob("grt_x.key"))
    key.with_name("grt_x.destroyed").write_bytes(b"")
    with pytest.raises(RecordDestroyedError):
        store.read("grt_x")
    store.destroy("grt_x")
    assert not key.exists()


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    FileKeyStore(tmp_path / "keys").create("grt_x", b"one")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "keys").rglob("*"))


def test_a_key_database_opened_again_is_the_same_store(key_database: str) -> None:
    first, again = DatabaseKeyStore(key_database), DatabaseKeyStore(key_database)
    for opened in (first, again):
        opened.prepare()
    assert first.identity() == again.identity()
    for opened in (first, again):
        opened.close()
    with pytest.raises(KeyStoreUnavailableError):
        first.identity()


def test_the_registry_s_own_database_is_refused_as_key_store(database: str) -> None:
    store = DatabaseKeyStore(database)
    with pytest.raises(KeyStoreUnavailableError, match="own database"):
        store.prepare()
    store.close()


def test_a_key_database_that_may_forget_commits_is_refused(key_database: str) -> None:
    store = DatabaseKeyStore(f"{key_database}?options=-c%20synchronous_commit%3Doff")
    with pytest.raises(KeyStoreUnavailableError, match="synchronous_commit"):
        store.prepare()
    store.close()


def test_a_key_database_that_is_gone_ends_in_refusals() -> None:
    store = DatabaseKeyStore("postgresql://nobody@127.0.0.1:1/none")
    store._pool.timeout = 0.2
    with pytest.raises(KeyStoreUnavailableError):
        store.prepare()
    store.close()


@pytest.fixture(params=["file", "database"])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path, postgres_server: str) -> Iterator[Any]:
    """A store that nothing was put into yet."""
    if request.param == "file":
        yield FileKeyStore(tmp_path / "empty")
        return
    with new_database(postgres_server) as name:
        made = DatabaseKeyStore(database_url(postgres_server, name))
        made.prepare()
        yield made
        made.close()


def test_a_store_filled_from_another_one_s_entries_is_that_store(empty_store: Any, tmp_path: Path) -> None:
    first = FileKeyStore(tmp_path / "first")
    for n in range(20):
        first.create(f"grt_{n}", str(n).encode())
    first.destroy("grt_7")
    first.destroy("grt_never")
    assert empty_store.load(first.identity(), first.entries()) == 21
    assert empty_store.identity() == first.identity()
    assert sorted(empty_store.entries()) == sorted(first.entries())
    assert empty_store.read("grt_3") == b"3"
    for destroyed in ("grt_7", "grt_never"):
        with pytest.raises(RecordDestroyedError):
            empty_store.create(destroyed, b"again")


def test_a_store_with_keys_takes_no_other_one_s(empty_store: Any) -> None:
    empty_store.create("grt_own", b"own")
    with pytest.raises(KeyStoreUnavailableError, match="already"):
        empty_store.load("another", [("grt_x", b"x")])
    assert empty_store.read("grt_own") == b"own"


def test_a_key_is_wrapped_anew_only_where_it_is_still_the_one_that_was_read(empty_store: Any) -> None:
    empty_store.create("grt_a", b"old")
    assert empty_store.rewrap("grt_a", old=b"old", new=b"new")
    assert not empty_store.rewrap("grt_a", old=b"old", new=b"newer")
    assert empty_store.read("grt_a") == b"new"
    empty_store.destroy("grt_a")
    assert not empty_store.rewrap("grt_a", old=b"new", new=b"newer")
    with pytest.raises(RecordDestroyedError):
        empty_store.read("grt_a")
    assert not empty_store.rewrap("grt_none", old=b"", new=b"newer")
