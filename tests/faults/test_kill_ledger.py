"""SIGKILL at every step of a check process's ledger: what was answered has its receipt, and counts have no gap."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("torn", [0.0, 0.5, 1.0], ids=["nothing_done", "half_done", "done"])
def test_a_kill_at_any_step_loses_nothing_that_was_answered(
    database: str, tmp_path: Path, torn: float
) -> None:
    from consent.check.ledger.draft import Kept
    from tests.check.ledger.house import house

    said = subprocess.run(
        [sys.executable, "-m", "tests.faults.ledger_worker", str(tmp_path), str(torn)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert said.returncode == 0, said.stderr
    lives = [json.loads(line) for line in said.stdout.splitlines()]
    assert [each["status"] for each in lives[:-1]] == [signal.SIGKILL] * (len(lives) - 1)
    assert lives[-1]["status"] == 0 and len(lives) > 20, said.stderr
    next_one = house(tmp_path)
    next_one.recover()
    assert next_one.recover() == 0
    for life in lives:
        for decision_ids, digest in life["answered"]:
            next_one.verified(Kept(decision_ids=decision_ids, record_sha256=digest))
    boots: dict[str, tuple[int, int, str]] = {}
    for sealed in next_one.sealed():
        root = sealed.root
        assert (root.segment, root.first, root.previous) == boots.get(root.boot, (0, 0, "00" * 32))
        assert [sealed.record(at).n for at in range(root.count)] == [
            *range(root.first, root.first + root.count)
        ]
        boots[root.boot] = (root.segment + 1, root.first + root.count, root.chain)
    left = {each.suffix for each in (next_one.folder / "live").iterdir()}
    assert left <= {".sealed", ""}, left  # `.new-…` and `.tmp-…` have no suffix
