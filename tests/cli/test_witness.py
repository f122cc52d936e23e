"""`consent witness`: a new one is made, serves as a program of its own, and ends when told."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from signing.merkle import leaf_hash
from signing.note import parse_note
from signing.verifier_key import VerifierKey
from signing.witness_request import WitnessRequest
from tests.cli.command import Command
from tests.client.log_folder import VKEY, LogFolder


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_witness_from_nothing(tmp_path: Path, told: signal.Signals) -> None:
    folder, command = tmp_path / "w", Command()
    assert command.run("witness", "init", folder, "--name", "w.example/guild") == 0
    key = VerifierKey.parse(command.out.strip())
    assert command.run("witness", "init", folder, "--name", "w.example/guild") == 2
    assert command.run("witness", "serve", folder) == 2
    assert "expected a [[log]] section" in command.err
    config = folder / "witness.toml"
    config.write_text(
        config.read_text().replace("127.0.0.1:8791", "127.0.0.1:0") + f'\n[[log]]\nvkey = "{VKEY}"\n'
    )
    with subprocess.Popen(
        [sys.executable, "-m", "consent.cli.main", "witness", "serve", str(folder)],
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stderr is not None
            address = running.stderr.readline().split()[-1]
            note = parse_note(LogFolder.signed(leaf_hash(b"x"), 1))
            body = WitnessRequest(old_size=0, proof=(), note=note).format()
            with urllib.request.urlopen(f"{address}/add-checkpoint", data=body, timeout=10) as answer:
                assert answer.read().decode().startswith(f"— {key.name} ")
            assert command.run("witness", "serve", folder) == 2
            assert "another witness works in" in command.err
        finally:
            running.send_signal(told)
        assert running.wait(timeout=20) == 0
