"""The public log of a running registry, read as a stranger reads it."""

import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.merkle import leaf_hash, tree_root
from signing.note import VerifierKey, parse_note, verify_note
from signing.tiles import bundles_for, parse_bundle, parse_tile, tiles_for
from signing.tlog_policy import Policy
from signing.tlog_proof import parse_proof, verify_proof
from tests.server.laptop import Laptop


def _get(laptop: Laptop, path: str) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(laptop.url + path, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.headers, exc.read()


def _checkpoint(laptop: Laptop, side: str) -> Checkpoint:
    """The verified checkpoint, once the publisher has put one."""
    until = time.monotonic() + 60
    while (found := _get(laptop, f"/log/{side}/checkpoint"))[0] != 200:
        assert time.monotonic() < until, "nothing is published"
        time.sleep(0.2)
    keys = [VerifierKey.parse(line) for line in _get(laptop, f"/log/{side}/key")[2].decode().splitlines()]
    note = parse_note(found[2])
    verify_note(note, keys)
    assert "max-age=1" in found[1]["Cache-Control"]
    assert found[1]["Content-Type"].startswith("text/plain")
    return parse_checkpoint(note.text)


@pytest.mark.parametrize("side", ["live", "test"])
def test_a_stranger_reads_and_verifies_the_whole_log(laptop: Laptop, side: str) -> None:
    checkpoint = _checkpoint(laptop, side)
    assert checkpoint.origin == f"{laptop.url.partition('://')[2]}/log/{side}"
    leaves: list[bytes] = []
    for bundle in bundles_for(checkpoint.size):
        status, headers, data = _get(laptop, f"/log/{side}/{bundle.path}")
        assert (status, headers["Content-Type"]) == (200, "application/octet-stream")
        assert "immutable" in headers["Cache-Control"] and headers["Access-Control-Allow-Origin"] == "*"
        leaves += [leaf_hash(entry) for entry in parse_bundle(data, width=bundle.width)]
    assert tree_root(leaves) == checkpoint.root
    tile = next(iter(tiles_for(checkpoint.size)))
    data = _get(laptop, f"/log/{side}/{tile.path}")[2]
    assert parse_tile(data, width=tile.width) == leaves[: tile.width]


@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/x001/000", "tile/entries/000", "tile/0/000.p/255", "tile/0/000.p/0", "tile/0/0",
     "tile/0/000.p/256", "tile/x/000", "tile/../checkpoint", "tile/0/000.p/1/2", "entry", "tile/64/000"],
)  # fmt: skip
def test_what_no_checkpoint_implies_is_not_there(laptop: Laptop, path: str) -> None:
    assert _checkpoint(laptop, "live").size < 255
    status, headers, _ = _get(laptop, f"/log/live/{path}")
    assert status == 404
    assert "immutable" not in (headers["Cache-Control"] or "")


def test_an_entry_is_proven_to_whoever_asks(laptop: Laptop) -> None:
    _checkpoint(laptop, "test")
    key = VerifierKey.parse(_get(laptop, "/log/test/key")[2].decode().splitlines()[0])
    status, headers, data = _get(laptop, "/log/test/proof/0")
    assert status == 200 and "max-age=1" in headers["Cache-Control"]
    proof = parse_proof(data)
    size = parse_checkpoint(parse_note(proof.checkpoint).text).size
    bundle = next(iter(bundles_for(size)))
    entry = parse_bundle(_get(laptop, f"/log/test/{bundle.path}")[2], width=bundle.width)[0]
    assert verify_proof(proof, expected_entry=entry, policy=Policy.of_log(key)).checkpoint.size == size
    for beyond in ("100000", "99999999999999999999", "-1", "x"):
        assert _get(laptop, f"/log/test/proof/{beyond}")[0] == 404


@pytest.mark.parametrize("name", ["other", "live/0", "live/2", "livetest", "live//"])
def test_there_is_no_other_log(laptop: Laptop, name: str) -> None:
    assert _get(laptop, f"/log/{name}/checkpoint")[0] == 404


def test_the_figures_tell_how_far_it_is(laptop: Laptop) -> None:
    size = _checkpoint(laptop, "test").size
    lines = dict(
        line.rsplit(" ", 1)
        for line in _get(laptop, "/metrics")[2].decode().splitlines()
        if not line.startswith("#")
    )
    assert float(lines['consent_log_published_size{side="test"}']) >= size > 0
    assert lines['consent_log_halted{side="live"}'] == "0"
    assert float(lines['consent_log_lag_seconds{side="live"}']) >= 0
