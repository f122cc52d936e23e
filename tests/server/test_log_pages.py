"""The pages of the log on a running registry: they say what the served files say."""

import hashlib
import re
from html import unescape

import pytest

from signing.merkle import leaf_hash, verify_inclusion
from signing.note import VerifierKey
from signing.tlog_policy import Policy
from signing.tlog_proof import parse_proof, verify_proof
from tests.server.laptop import Laptop
from tests.server.test_log_objects import _checkpoint, _get


def _page(laptop: Laptop, path: str, status: int = 200) -> str:
    found, headers, body = _get(laptop, path)
    assert found == status, body[:500]
    assert headers["Content-Type"].startswith("text/html")
    assert "script-src" not in headers["Content-Security-Policy"], "these pages work without JavaScript"
    return unescape(body.decode())


def test_both_logs_are_shown_with_their_keys_and_checkpoints(laptop: Laptop) -> None:
    sizes = {side: _checkpoint(laptop, side).size for side in ("live", "test")}
    page = _page(laptop, "/log")
    for side, size in sizes.items():
        origin = f"{laptop.url.partition('://')[2]}/log/{side}"
        assert origin in page
        for line in _get(laptop, f"/log/{side}/key")[2].decode().splitlines():
            assert line in page
        shown = int(re.search(rf'id="{side}".*?class="figure">([\d,]+)<', page, re.DOTALL)[1])  # type: ignore[index]
        assert shown >= size
        assert f"consent log fsck {laptop.url}/log/{side}" in page
    assert 'href="/docs/history"' in page and "Nothing that we acknowledged was ever lost" in page
    assert "None. Without a witness" in page


def test_an_entry_is_shown_as_it_is_served_and_proven(laptop: Laptop) -> None:
    _checkpoint(laptop, "test")
    page = _page(laptop, "/log/test/entries/0")
    entry = bytes.fromhex(re.search(r"<code>(01[0-9a-f]{64})</code>", page)[1])  # type: ignore[index]
    assert leaf_hash(entry).hex() in page
    proof = parse_proof(_get(laptop, "/log/test/proof/0")[2])
    key = VerifierKey.parse(_get(laptop, "/log/test/key")[2].decode().splitlines()[0])
    checkpoint = verify_proof(proof, expected_entry=entry, policy=Policy.of_log(key)).checkpoint
    if len(set(re.findall(r"[0-9a-f]{64}", page)) & {checkpoint.root.hex()}):
        for each in proof.hashes:
            assert each.hex() in page and each.hex()[:8] in page
    circles = re.findall(r"<circle [^>]*>", page)
    assert len(circles) == 2 * len(re.findall(r"<li><code>", page)) + 1
    assert 'role="img" aria-label="A tree' in page
    assert f"--entry {entry.hex()}" in page


def test_the_form_leads_to_the_entry_and_says_what_it_expected(laptop: Laptop) -> None:
    size = _checkpoint(laptop, "test").size
    assert "Entry 0</h1>" in _page(laptop, "/log/test/entries?index=+0+")
    for wrong in ("-1", "x", "", "99999999999999999", "9" * 40, "%D9%A1", "1e3", "0x1"):
        page = _page(laptop, f"/log/test/entries?index={wrong}", 422)
        assert re.search(r"Expected a whole number from 0 to [\d,]+\.", page)
        assert 'aria-invalid="true"' in page
    assert size > 0


@pytest.mark.parametrize(
    "path",
    ["live/entries/999999999", "live/2/entries/0", "live/2/entries", "other/entries/0", "live/entries/00",
     "live/entries/-1", "live/entries/9999999999999999999999"],
)  # fmt: skip
def test_what_is_not_published_has_no_page(laptop: Laptop, path: str) -> None:
    _checkpoint(laptop, "live")
    assert _get(laptop, f"/log/{path}")[0] == 404


def test_the_first_and_the_last_entry_have_one_neighbour(laptop: Laptop) -> None:
    size = _checkpoint(laptop, "test").size
    first = _page(laptop, "/log/test/entries/0")
    assert "/log/test/entries/1" in first and "The one before" not in first
    assert "The one before" in _page(laptop, f"/log/test/entries/{size - 1}")


def test_the_shown_root_follows_from_the_shown_hashes(laptop: Laptop) -> None:
    size = _checkpoint(laptop, "test").size
    index = size // 2
    page = _page(laptop, f"/log/test/entries/{index}")
    entry = bytes.fromhex(re.search(r"<code>(01[0-9a-f]{64})</code>", page)[1])  # type: ignore[index]
    root = bytes.fromhex(re.search(r"Root of the checkpoint</dt><dd><code>([0-9a-f]{64})", page)[1])  # type: ignore[index]
    node, proof = hashlib.sha256(b"\x00" + entry).digest(), []
    for left, right, parent in re.findall(
        r"<li><code>(\w{64})</code> and <code>(\w{64})</code> make <code>(\w{64})</code>", page
    ):
        assert node.hex() in (left, right)
        proof.append(bytes.fromhex(right if node.hex() == left else left))
        node = bytes.fromhex(parent)
    shown = int(re.search(r"Entries in the checkpoint</dt><dd>([\d,]+)", page)[1].replace(",", ""))  # type: ignore[index]
    verify_inclusion(index=index, size=shown, leaf=leaf_hash(entry), proof=proof, root=root)
