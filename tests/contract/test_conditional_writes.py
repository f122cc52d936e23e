"""Writes on a condition: what our stores promise of them, and what real servers make of them."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent.log.errors import ImmutableError, ObjectChangedError
from consent.log.objects import ObjectStore
from consent.log.storage_file import FileObjectStore
from tests.contract import servers
from tests.contract.probing import probe
from tests.contract.servers import s3_store


def _racing(write: Callable[[bytes], object], refusal: type[Exception]) -> list[bytes]:
    """What the writers that were not refused wrote; all begin at once."""
    barrier, won = threading.Barrier(4), []

    def once(mine: bytes) -> None:
        barrier.wait()
        try:
            write(mine)
        except refusal:
            return
        won.append(mine)

    threads = [threading.Thread(target=once, args=(bytes([n]),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def test_of_writers_from_one_state_no_two_succeed(conditional: ObjectStore) -> None:
    for number in range(5):
        key = f"step/race/{number}"
        conditional.put(key, b"begin", immutable=False)
        won = _racing(
            lambda mine: conditional.replace(key, mine, expected=b"begin"),  # noqa: B023  # called at once
            ObjectChangedError,
        )
        assert [conditional.get(key)] == won


def test_of_writers_of_an_object_that_is_not_there_no_two_succeed(conditional: ObjectStore) -> None:
    for number in range(5):
        key = f"step/first/{number}"
        won = _racing(
            lambda mine: conditional.replace(key, mine, expected=None),  # noqa: B023  # called at once
            ObjectChangedError,
        )
        assert [conditional.get(key)] == won


def test_of_writers_of_one_immutable_object_no_two_succeed(conditional: ObjectStore) -> None:
    for number in range(5):
        key = f"once/race/{number}"
        won = _racing(
            lambda mine: conditional.put(key, mine, immutable=True),  # noqa: B023  # called at once
            ImmutableError,
        )
        assert [conditional.get(key)] == won


@pytest.mark.parametrize("slept", ["", "made meanwhile"])
def test_who_slept_between_looking_and_writing_changes_nothing(conditional: ObjectStore, slept: str) -> None:
    """The condition itself: the comparison held when it was made."""
    if isinstance(conditional, FileObjectStore):
        return  # it compares under its lock
    key = f"step/slept/{len(slept)}"
    if not slept:
        conditional.put(key, b"begin", immutable=False)
    sleeper: Any = conditional
    find = sleeper._read

    def find_and_sleep(name: str) -> tuple[bytes, str]:
        sleeper._read = find
        try:
            return find(name)  # type: ignore[no-any-return]
        finally:
            conditional.put(key, b"newer", immutable=False)

    sleeper._read = find_and_sleep
    try:
        with pytest.raises(ObjectChangedError):
            conditional.replace(key, b"older", expected=None if slept else b"begin")
    finally:
        sleeper._read = find
    assert conditional.get(key) == b"newer"


@pytest.mark.parametrize(
    ("kind", "creates", "replaces"),
    [("rclone", False, False), ("localbucket", True, False), ("seaweedfs", True, True)],
)
def test_each_server_does_what_the_documentation_says_of_it(
    tmp_path: Path, kind: str, creates: bool, replaces: bool
) -> None:
    if servers.program(kind) is None:
        pytest.skip(f"{kind} is not installed")
    with getattr(servers, kind)(tmp_path) as url:
        powers = probe(servers.s3_client_of(url), servers.BUCKET)
    assert (powers.creates_once, powers.replaces_by_tag) == (creates, replaces), powers.evidence


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


def test_rclone_really_overwrites_so_that_the_comparison_is_what_protects(tmp_path: Path) -> None:
    """The trap itself: without looking first, If-None-Match alone would have lost the first bytes."""
    if servers.program("rclone") is None:
        pytest.skip("rclone is not installed")
    with servers.rclone(tmp_path) as url:
        store: Any = s3_store(url, prefix="")
        store._client.put_object(Bucket=servers.BUCKET, Key="k", Body=b"first", IfNoneMatch="*")
        store._client.put_object(Bucket=servers.BUCKET, Key="k", Body=b"second", IfNoneMatch="*")
        assert store.get("k") == b"second"
        with pytest.raises(ImmutableError):
            store.put("k", b"third", immutable=True)
        assert store.get("k") == b"second"
