"""One contract for every object store: files, and real S3 servers, of which two do half of S3 each."""

import threading
from pathlib import Path

import pytest

from consent.log.errors import (
    GuardUnavailableError,
    ImmutableError,
    ObjectChangedError,
    ObjectKeyError,
    ObjectMissingError,
    StoreError,
    StoreUnavailableError,
)
from consent.log.objects import ObjectStore
from consent.log.storage_file import FileObjectStore
from tests.contract import servers
from tests.contract.servers import s3_store


def test_what_was_put_is_got_back_byte_for_byte(store: ObjectStore) -> None:
    for name, data in {
        "empty": b"",
        "zero": bytes(10),
        "text": "Grüße\r\n".encode(),
        "big": b"x" * 300_000,
    }.items():
        store.put(f"same/{name}", data, immutable=False)
        assert store.get(f"same/{name}") == data


def test_a_missing_object_is_said_to_be_missing(store: ObjectStore) -> None:
    store.put("known/one", b"1", immutable=False)
    for key in ["known/two", "unknown/folder/one", "known/one/below"]:
        with pytest.raises(ObjectMissingError):
            store.get(key)


def test_a_mutable_object_is_replaced(store: ObjectStore) -> None:
    store.put("mutable", b"first", immutable=False)
    store.put("mutable", b"2", immutable=False)
    assert store.get("mutable") == b"2"


def test_the_same_immutable_bytes_may_be_put_again(store: ObjectStore) -> None:
    store.put("once/same", b"bytes", immutable=True)
    store.put("once/same", b"bytes", immutable=True)
    assert store.get("once/same") == b"bytes"


def test_other_bytes_never_replace_an_immutable_object(store: ObjectStore) -> None:
    store.put("once/other", b"bytes", immutable=True)
    for other in [b"Bytes", b"", b"bytes and more"]:
        with pytest.raises(ImmutableError):
            store.put("once/other", other, immutable=True)
    assert store.get("once/other") == b"bytes"


def test_an_object_is_replaced_only_if_it_is_still_what_was_expected(store: ObjectStore) -> None:
    with pytest.raises(ObjectChangedError):
        store.replace("step/one", b"2", expected=b"1")
    store.replace("step/one", b"1", expected=None)
    for expected in (None, b"", b"other"):
        with pytest.raises(ObjectChangedError):
            store.replace("step/one", b"2", expected=expected)
    store.replace("step/one", b"2", expected=b"1")
    assert store.get("step/one") == b"2"


def test_the_keys_of_tiles_can_be_held_and_listed(store: ObjectStore) -> None:
    names = ["log/live/checkpoint", "log/live/tile/0/x001/x234/067", "log/live/tile/0/x001/x234/067.p/17",
             "log/live/tile/entries/000.p/1", "log/live/2/checkpoint"]  # fmt: skip
    for name in names:
        store.put(name, name.encode(), immutable=True)
    assert [store.get(name) for name in names] == [name.encode() for name in names]
    assert list(store.keys("log/live/tile/0/x001/x234/067.p/")) == [names[2]]


def test_many_threads_may_put_the_same_immutable_bytes_at_once(store: ObjectStore) -> None:
    failures: list[StoreError] = []

    def put() -> None:
        try:
            store.put("once/threads", b"the same", immutable=True)
        except StoreError as exc:
            failures.append(exc)

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.get("once/threads") == b"the same"


def test_keys_are_listed_by_prefix_in_the_order_of_their_bytes(store: ObjectStore) -> None:
    names = ["list/b", "list/a/2", "list/a/10", "list/a.x", "list/B", "listed", "list/a-1", "other/x"]
    for name in names:
        store.put(name, b".", immutable=False)
    assert list(store.keys("list/")) == sorted(name for name in names if name.startswith("list/"))
    assert list(store.keys("list")) == sorted(name for name in names if name.startswith("list"))
    assert list(store.keys("list/a/")) == ["list/a/10", "list/a/2"]
    assert list(store.keys("nothing/here/")) == []


def test_more_keys_than_one_page_of_a_listing_are_all_found(store: ObjectStore) -> None:
    names = [f"pages/{n:04d}" for n in range(1005)]
    threads = [
        threading.Thread(
            target=lambda part: [store.put(n, b"", immutable=False) for n in part], args=(names[i::8],)
        )
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(store.keys("pages/")) == names


def test_a_deleted_object_is_gone_and_deleting_again_does_nothing(store: ObjectStore) -> None:
    store.put("gone/1", b"1", immutable=True)
    store.delete("gone/1")
    store.delete("gone/1")
    store.delete("gone/never/was")
    assert list(store.keys("gone/")) == []
    with pytest.raises(ObjectMissingError):
        store.get("gone/1")
    store.put("gone/1", b"other", immutable=True)
    assert store.get("gone/1") == b"other"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "a/./b",
        ".hidden",
        "a/.tmp-1",
        "a b",
        "a\x00",
        "ä",
        "a\\b",
        "x" * 513,
        "a\n",
    ],
)
def test_a_key_that_some_store_cannot_hold_is_refused_by_every_store(store: ObjectStore, key: str) -> None:
    for call in (
        lambda: store.put(key, b"", immutable=False),
        lambda: store.replace(key, b"", expected=None),
        lambda: store.get(key),
        lambda: store.delete(key),
    ):
        with pytest.raises(ObjectKeyError):
            call()


def test_a_wrong_secret_is_refused_at_the_start(tmp_path: Path) -> None:
    if servers.program("rclone") is None:
        pytest.skip("rclone is not installed")
    with servers.rclone(tmp_path) as url, pytest.raises(StoreUnavailableError):
        s3_store(url, secret_key="not the secret")


def test_a_server_that_went_away_ends_in_refusals(tmp_path: Path) -> None:
    if servers.program("localbucket") is None:
        pytest.skip("localbucket is not installed")
    with servers.localbucket(tmp_path) as url:
        store = s3_store(url)
        store.put("a", b"1", immutable=True)
    for call in (
        lambda: store.get("a"),
        lambda: store.put("a", b"1", immutable=True),
        lambda: store.put("a", b"1", immutable=False),
        lambda: store.replace("a", b"2", expected=b"1"),
        lambda: list(store.keys("")),
        lambda: store.delete("a"),
    ):
        with pytest.raises(StoreUnavailableError):
            call()


def test_files_that_cannot_be_written_or_read_end_in_refusals(tmp_path: Path) -> None:
    store = FileObjectStore(tmp_path / "objects")
    (tmp_path / "objects" / "folder").write_bytes(b"a file where a folder is needed")
    with pytest.raises(StoreUnavailableError):
        store.put("folder/key", b"", immutable=False)
    with pytest.raises(StoreUnavailableError):
        store.put("folder/key", b"", immutable=True)
    (tmp_path / "objects" / "taken").mkdir()
    with pytest.raises(StoreUnavailableError):
        store.put("taken", b"", immutable=False)


def test_a_crash_while_writing_a_file_shows_neither_half_an_object_nor_a_listed_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    store = FileObjectStore(tmp_path)
    store.put("a", b"whole", immutable=False)

    def crash(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(StoreUnavailableError):
        store.put("a", b"other", immutable=False)
    with pytest.raises(StoreUnavailableError):
        store.put("b", b"other", immutable=True)
    monkeypatch.undo()
    assert store.get("a") == b"whole"
    assert list(store.keys("")) == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_rollback_guard_is_never_lowered_over_any_store(store: ObjectStore) -> None:
    """Processes write at once while another reads: whatever was acknowledged before a read is in it."""
    from consent.log.guard import RollbackGuard
    from consent.log.position import Position

    def guard(process: str) -> RollbackGuard:
        return RollbackGuard(
            objects=store, key=b"k" * 32, process=process, clock=lambda: 0.0, chain_at=lambda side, seq: None
        )

    acknowledged, reads = [-1], [-1]
    faults: list[object] = []

    def write(n: int) -> None:
        mine = guard(f"process{n}")
        for seq in range(n, 60, 3):
            mine.acknowledge(Position(livemode=True, seq=seq, chain=bytes(32)), database_id="d")
            acknowledged.append(seq)

    def read() -> None:
        while any(thread.is_alive() for thread in writers):
            before = max(acknowledged)
            try:
                floor = guard("reader").refresh(True)
            except GuardUnavailableError:
                continue  # localbucket drops a listing in which an object goes away: a refusal, no answer
            reads.append(before)
            if before >= 0 and (floor is None or floor.position.seq < before):
                faults.append((before, floor))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    reader = threading.Thread(target=read)
    for thread in (*writers, reader):
        thread.start()
    for thread in (*writers, reader):
        thread.join()
    assert faults == []
    assert max(reads) > 0
    assert len(list(store.keys("guard/live/"))) == 6
    last = guard("last").refresh(True)
    assert last is not None
    assert last.position.seq == 59
