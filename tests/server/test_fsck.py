"""`consent-server fsck` against a running registry."""

import subprocess
import time

from tests.server.laptop import Laptop


def _fsck(laptop: Laptop) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [laptop.python, "-m", "consent.server", "fsck"],
        cwd=laptop.folder,
        env=laptop.server_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_whole_log_is_said_to_be_whole(laptop: Laptop) -> None:
    for _ in range(50):  # the publisher may be on its way to the first checkpoint
        done = _fsck(laptop)
        if done.returncode == 0:
            break
        time.sleep(0.5)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The log is whole." in done.stdout and "/log/live" in done.stdout
