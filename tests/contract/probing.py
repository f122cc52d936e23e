"""What an S3 server really does with a conditional write, and with a reader during a write: asked, not believed."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3.exceptions
from botocore.exceptions import BotoCoreError, ClientError

ROUNDS = 5
WRITERS = 6
REWRITES = 100
_ODD, _EVEN = b"1" * 9000, b"2" * 9000  # a bundle of entries is as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """Whether a server creates once (If-None-Match), replaces by tag (If-Match) and shows objects whole.

    `evidence` tells what was seen of each, by the name of its field.
    """

    creates_once: bool
    replaces_by_tag: bool
    shows_whole: bool
    evidence: Mapping[str, str]


FILES = Powers(creates_once=True, replaces_by_tag=True, shows_whole=True, evidence={})


def probe(client: Any, bucket: str) -> Powers:
    """Race writers for the same object, and read one while it is rewritten. `client` is of boto3."""
    creates, created = _race(client, bucket, "none")
    replaces, replaced = _race(client, bucket, "match")
    whole, read = _read_while_rewritten(client, bucket)
    return Powers(
        creates_once=creates,
        replaces_by_tag=replaces,
        shows_whole=whole,
        evidence={"creates_once": created, "replaces_by_tag": replaced, "shows_whole": read},
    )


def _race(client: Any, bucket: str, kind: str) -> tuple[bool, str]:
    """Whether of writers under one condition exactly one ever wins; and how many did in each round."""
    winners = []
    for number in range(ROUNDS):
        key = f"probe/{kind}/{number}"
        condition = {"IfNoneMatch": "*"}
        if kind == "match":
            condition = {"IfMatch": client.put_object(Bucket=bucket, Key=key, Body=b"begin")["ETag"]}
        winners.append(_winners(client, bucket, key, condition))
    name = "If-None-Match" if kind == "none" else "If-Match"
    most, least = max(winners), min(winners)
    seen = f"{WRITERS} writers with one {name}: {least}–{most} answered 200, in {ROUNDS} rounds"
    return most == least == 1, seen


def _winners(client: Any, bucket: str, key: str, condition: Mapping[str, str]) -> int:
    barrier, won = threading.Barrier(WRITERS), []

    def write(mine: bytes) -> None:
        barrier.wait()
        try:
            client.put_object(Bucket=bucket, Key=key, Body=mine, **condition)
        except ClientError:
            return
        won.append(mine)

    _together([lambda n=n: write(bytes([n])) for n in range(WRITERS)])  # type: ignore[misc]
    return len(won)


def _read_while_rewritten(client: Any, bucket: str) -> tuple[bool, str]:
    """Whether a reader always sees one of two contents; and how often it did not."""
    key = "probe/whole"
    client.put_object(Bucket=bucket, Key=key, Body=_ODD)
    done = threading.Event()
    reads, torn = [0], [0]

    def write() -> None:
        for number in range(REWRITES):
            client.put_object(Bucket=bucket, Key=key, Body=(_ODD, _EVEN)[number % 2])
        done.set()

    def read() -> None:
        while not done.is_set():
            reads[0] += 1
            try:
                torn[0] += client.get_object(Bucket=bucket, Key=key)["Body"].read() not in (_ODD, _EVEN)
            except (ClientError, BotoCoreError, urllib3.exceptions.HTTPError):
                torn[0] += 1

    _together([write, read])
    return torn[0] == 0, f"{torn[0]} of {reads[0]} reads met an object half written"


def _together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
