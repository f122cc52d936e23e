"""What the log costs whoever distrusts it: deriving a million entries again, and verifying one proof."""

import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from consent.client.transparency.reader import LogReader
from consent.client.transparency.source import FolderSource
from signing.checkpoint import Checkpoint
from signing.cosignature import cosign, cosigner_key
from signing.merkle import leaf_hash
from signing.note import NoteSigner, parse_note
from signing.private_key import PrivateKey
from signing.signed_checkpoint import sign_checkpoint
from signing.tile_edge import TileEdge
from signing.tiles import ENTRIES, TILE_WIDTH, Tile, encode_bundle
from signing.tlog_policy import Policy, parse_policy
from signing.tlog_proof import parse_proof, verify_proof
from tests.bench.report import Row

ENTRIES_IN_LOG = 1_000_000
PROOFS = 1000
SEED = 20261121
FSCK_GOAL_S = 60
PROOF_GOAL_MS = 1
_SIGNER = NoteSigner(name="registry.example/log/test", key=PrivateKey.from_seed(bytes(range(32))))
_WITNESSES = {f"w{number}.example/w": PrivateKey.from_seed(bytes([number]) * 32) for number in (1, 2)}


def measure(entries: int = ENTRIES_IN_LOG) -> list[Row]:
    """Both figures, on a log in a folder that this makes first."""
    with TemporaryDirectory(prefix="consent-bench-") as folder:
        root = Path(folder) / "log"
        began = time.perf_counter()
        _write_log(root, entries)
        made_s = time.perf_counter() - began
        return [_fsck(root, entries, made_s), _proofs(root, entries)]


def _fsck(root: Path, entries: int, made_s: float) -> Row:
    """The command that users run, from its start to its end."""
    command = [
        sys.executable,
        "-m",
        "consent.cli.main",
        "log",
        "fsck",
        str(root),
        "--key",
        _SIGNER.verifier.text,
    ]
    began = time.perf_counter()
    done = subprocess.run([*command, "--commitments-only", "--json"], capture_output=True, check=True)
    took = time.perf_counter() - began
    said = json.loads(done.stdout)
    if not said["valid"] or said["entries"] != entries:
        raise RuntimeError(f"expected a whole log of {entries} entries, got {said}")
    return Row(
        what=f"log, fsck of {entries:,} entries",
        value=took,
        unit="s",
        at_most=FSCK_GOAL_S,
        binding=True,
        beside=f"{said['tiles']:,} tiles compared; made in {made_s:.1f} s",
    )


def _proofs(root: Path, entries: int) -> Row:
    """Parsing and verifying a proof file, and the same where the policy wants two witnesses as well."""
    reader = LogReader(FolderSource(root), Policy.of_log(_SIGNER.verifier))
    head, chance = reader.head(), random.Random(SEED)
    proven = [reader.prove(chance.randrange(entries), head) for _ in range(PROOFS)]
    files = [(proof.format(), entry) for proof, entry in proven]
    alone = _verify(files, reader.policy)
    witnessed = _verify(files, _witnessed())
    return Row(
        what="log, verifying a proof",
        value=statistics.median(alone),
        unit="ms",
        at_most=PROOF_GOAL_MS,
        binding=True,
        samples=len(alone),
        beside=f"p99 {alone[len(alone) * 99 // 100]:.2f} ms; with two witnesses {statistics.median(witnessed):.2f} ms",
    )


def _verify(files: list[tuple[bytes, bytes]], policy: Policy) -> list[float]:
    """Milliseconds of each, the shortest first."""
    took = []
    for data, entry in files:
        began = time.perf_counter()
        verify_proof(parse_proof(data), expected_entry=entry, policy=policy)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def _witnessed() -> Policy:
    lines = [f"log {_SIGNER.verifier.text}"]
    lines += [f"witness {name} {cosigner_key(name, key).text}" for name, key in _WITNESSES.items()]
    return parse_policy(
        "\n".join([*lines, f"group both all {' '.join(_WITNESSES)}", "quorum both", ""]).encode()
    )


def _write_log(root: Path, entries: int) -> None:
    """A log of commitments under `root`, cosigned by both witnesses. Nothing is synced: it is gone in a minute."""
    chance, edge = random.Random(SEED), TileEdge()
    for begin in range(0, entries, TILE_WIDTH):
        bundle = [b"\x01" + chance.randbytes(32) for _ in range(min(TILE_WIDTH, entries - begin))]
        _write(root, Tile(ENTRIES, begin // TILE_WIDTH, len(bundle)), encode_bundle(bundle))
        for tile, data in edge.extend(leaf_hash(each) for each in bundle):
            _write(root, tile, data)
    for tile, data in edge.partial_tiles():
        _write(root, tile, data)
    note = parse_note(
        sign_checkpoint(Checkpoint(origin=_SIGNER.name, size=entries, root=edge.root()), _SIGNER)
    )
    lines = [cosign(note.text, name=name, key=key, time=1) for name, key in _WITNESSES.items()]
    (root / "checkpoint").write_bytes(note.with_signatures(lines).format())


def _write(root: Path, tile: Tile, data: bytes) -> None:
    path = root / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
