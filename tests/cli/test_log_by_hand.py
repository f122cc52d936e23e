"""The documentation's commands for checking a checkpoint with standard tools, run as they stand there."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.client.log_folder import VKEY, LogFolder

PAGE = (Path(__file__).parents[2] / "templates" / "docs" / "log.md").read_text()


@pytest.mark.needs("openssl", "sed", "base64")
def test_the_commands_accept_a_checkpoint_and_refuse_an_altered_one(tmp_path: Path) -> None:
    found = re.search(r"```\n(   sed .*?)```", PAGE, re.DOTALL)
    assert found is not None
    commands = found[1].replace("AQ…", VKEY.split("+", 2)[2])
    log = LogFolder(tmp_path).grow(5)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", commands], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30
        )

    done = run()
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully"), done.stderr
    log.flip("checkpoint", 3)
    assert run().returncode == 1
