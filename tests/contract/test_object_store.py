"""One contract for every object store: files, and two real S3 servers that each do half of S3."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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

KINDS = ["file", "rclone", "localbucket"]


def _s3_store(url: str, *, secret_key: str = servers.SECRET_KEY, prefix: str = "registry/") -> ObjectStore:
    from consent.log.storage_s3 import S3ObjectStore, s3_client

    client = s3_client(
        endpoint_url=url, region="us-east-1", access_key=servers.ACCESS_KEY, secret_key=secret_key
    )
    return S3ObjectStore(client=client, bucket=servers.BUCKET, prefix=prefix)


@pytest.fixture(scope="module", params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "file":
        yield FileObjectStore(folder)
        return
    if servers.program(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    with getattr(servers, request.param)(folder) as url:
        yield _s3_store(url)


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


def test_of_writers_from_one_state_no_two_succeed(store: ObjectStore, request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["store"] != "file":
        pytest.skip("neither server honours If-Match: there the comparison alone protects")
    store.put("step/race", b"begin", immutable=False)
    barrier, won = threading.Barrier(4), []

    def step(mine: bytes) -> None:
        barrier.wait()
        try:
            store.replace("step/race", mine, expected=b"begin")
        except ObjectChangedError:
            return
        won.append(mine)

    threads = [threading.Thread(target=step, args=(bytes([n]),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.get("step/race")] == won


def test_a_store_that_honours_if_match_is_asked_to(tmp_path: Path) -> None:
    import io

    from botocore.response import StreamingBody
    from botocore.stub import Stubber

    from consent.log.storage_s3 import S3ObjectStore, s3_client

    client = s3_client(endpoint_url="http://127.0.0.1:1", region="r", access_key="a", secret_key="s")
    named = {"Bucket": "b", "Key": "k"}

    def found(data: bytes) -> dict[str, Any]:
        return {
            "Body": StreamingBody(io.BytesIO(data), len(data)),
            "ContentLength": len(data),
            "ETag": '"tag"',
        }

    with Stubber(client) as stub:
        stub.add_response("head_bucket", {}, {"Bucket": "b"})
        store = S3ObjectStore(client=client, bucket="b")
        conditional = {**named, "Body": b"new", "IfMatch": '"tag"'}
        stub.add_response("get_object", found(b"old"), named)
        stub.add_response("put_object", {}, conditional)
        store.replace("k", b"new", expected=b"old")
        for now in (b"other", b"new"):  # another writer was first; or our first attempt's answer was lost
            stub.add_response("get_object", found(b"old"), named)
            stub.add_client_error(
                "put_object", "PreconditionFailed", http_status_code=412, expected_params=conditional
            )
            stub.add_response("get_object", found(now), named)
        with pytest.raises(ObjectChangedError):
            store.replace("k", b"new", expected=b"old")
        store.replace("k", b"new", expected=b"old")
        stub.assert_no_pending_responses()


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


def test_rclone_really_overwrites_so_that_the_comparison_is_what_protects(tmp_path: Path) -> None:
    """The trap itself: without looking first, If-None-Match alone would have lost the first bytes."""
    if servers.program("rclone") is None:
        pytest.skip("rclone is not installed")
    with servers.rclone(tmp_path) as url:
        store: Any = _s3_store(url, prefix="")
        store._client.put_object(Bucket=servers.BUCKET, Key="k", Body=b"first", IfNoneMatch="*")
        store._client.put_object(Bucket=servers.BUCKET, Key="k", Body=b"second", IfNoneMatch="*")
        assert store.get("k") == b"second"
        with pytest.raises(ImmutableError):
            store.put("k", b"third", immutable=True)
        assert store.get("k") == b"second"


def test_a_wrong_secret_is_refused_at_the_start(tmp_path: Path) -> None:
    if servers.program("rclone") is None:
        pytest.skip("rclone is not installed")
    with servers.rclone(tmp_path) as url, pytest.raises(StoreUnavailableError):
        _s3_store(url, secret_key="not the secret")


def test_a_server_that_went_away_ends_in_refusals(tmp_path: Path) -> None:
    if servers.program("localbucket") is None:
        pytest.skip("localbucket is not installed")
    with servers.localbucket(tmp_path) as url:
        store = _s3_store(url)
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
