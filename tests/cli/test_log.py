"""`consent log`: each verb on a real log and on broken ones, with its exit code."""

import json
from pathlib import Path

import pytest

from consent.client.transport import HttpTransport
from tests.cli.command import Command
from tests.client.log_folder import VKEY, LogFolder, served

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog"


def test_fsck_of_a_log_by_another_implementation() -> None:
    meta = json.loads((VECTORS / "tessera-log.meta.json").read_text())
    command = Command()
    command.transport = HttpTransport()
    assert command.run("log", "fsck", VECTORS / "tessera-log", "--key", meta["vkey"]) == 0
    assert command.out.startswith("the log is whole\n")


def test_fsck_says_what_is_broken(tmp_path: Path) -> None:
    log, command = LogFolder(tmp_path).grow(300), Command(transport=HttpTransport())
    assert command.run("log", "fsck", tmp_path, "--key", VKEY, "--commitments-only", "--json") == 0
    assert json.loads(command.out)["entries"] == 300
    log.flip("tile/0/000", 40)
    assert command.run("log", "fsck", tmp_path, "--key", VKEY) == 1
    assert "fault: tile/0/000: hash 1 is not that of the entries" in command.out
    log.flip("checkpoint", 2)
    assert command.run("log", "fsck", tmp_path, "--key", VKEY, "--json") == 1
    assert json.loads(command.out)["valid"] is False
    (tmp_path / "checkpoint").unlink()
    assert command.run("log", "fsck", tmp_path, "--key", VKEY) == 3


def test_watch_once_and_a_fork(tmp_path: Path) -> None:
    LogFolder(tmp_path / "a").grow(5)
    LogFolder(tmp_path / "b").grow(7, b"another")
    command = Command(transport=HttpTransport())
    watch = ("--key", VKEY, "--state", tmp_path / "state", "--once")
    with served(tmp_path) as address:
        assert command.run("log", "watch", f"{address}/a", *watch) == 0
        assert command.out.startswith("example.com/log/test  size 5  +0")
        assert command.run("log", "watch", f"{address}/b", *watch) == 1
        assert command.out.startswith("FORK: example.com/log/test: the log of 5 entries is not proven")
        assert command.run("log", "watch", f"{address}/nowhere", *watch) == 3
        assert command.run("log", "watch", f"{address}/a", *watch, "--json") == 0
        assert json.loads(command.out)["size"] == 5


def test_a_proof_is_made_and_verifies_without_network(tmp_path: Path) -> None:
    log = LogFolder(tmp_path / "log").grow(300)
    policy, proof = tmp_path / "policy", tmp_path / "one.tlog-proof"
    policy.write_text(f"# ours\nlog {VKEY}\nquorum none\n")
    command = Command(transport=HttpTransport())
    make = ("log", "proof", log.folder, "7", "--policy", policy, "--out", proof)
    assert command.run(*make) == 0
    assert command.run(*make) == 2  # not overwritten
    assert command.run(*make, "--replace") == 0
    offline = Command()
    assert offline.run("log", "verify", proof, "--key", VKEY, "--entry", log.entries[7].hex(), "--json") == 0
    assert json.loads(offline.out)["index"] == 7
    (tmp_path / "entry").write_bytes(log.entries[8])
    assert offline.run("log", "verify", proof, "--policy", policy, "--entry-file", tmp_path / "entry") == 1
    assert offline.out.startswith("invalid: entry is not number 7 of example.com/log/test at size 300")


@pytest.mark.parametrize(
    "args",
    [
        ("log", "fsck", "nowhere", "--key", VKEY),
        ("log", "fsck", ".", "--key", "no key"),
        ("log", "fsck", ".", "--policy", "nowhere"),
        ("log", "watch", ".", "--key", VKEY, "--state", "s", "--every", "0"),
        ("log", "watch", ".", "--key", VKEY, "--state", "s", "--silence", "nan"),
        ("log", "verify", "f", "--key", VKEY, "--entry", "XY"),
    ],
)
def test_a_wrong_argument_exits_with_2(args: tuple[str, ...]) -> None:
    command = Command(transport=HttpTransport())
    assert command.run(*args) == 2
    assert "expected" in command.err


def test_an_index_outside_the_log_exits_with_2(tmp_path: Path) -> None:
    LogFolder(tmp_path).grow(3)
    command = Command(transport=HttpTransport())
    for index in ("3", "-1"):
        assert command.run("log", "proof", tmp_path, "--key", VKEY, "--", index) == 2
        assert "expected 0 to 2" in command.err
