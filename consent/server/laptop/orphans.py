"""End processes of a supervisor that was killed: those it noted, and only while they are still ours.

On Linux the kernel has asked them to end already (`child.spawn`); this waits for it, and is what there is
elsewhere.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from consent.log import durable_file
from consent.server.embedded.errors import StartError

PATIENCE_S = 12.0
_NOTES = "children.json"
_OURS = "consent.server"  # in the command line of each of our processes


def note_groups(run: Path, groups: Mapping[str, int]) -> None:
    """Write down the process groups of the children, by name."""
    durable_file.replace(run / _NOTES, json.dumps(dict(groups)).encode() + b"\n")


def end_orphans(run: Path) -> None:
    """Wait for what a killed supervisor left to end by itself; kill it if it does not."""
    if os.name != "posix":
        return
    deadline = time.monotonic() + PATIENCE_S
    number = signal.SIGTERM
    for group in _noted(run):
        while members := _members(group):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, number)
            if time.monotonic() > deadline:
                number = signal.SIGKILL
                if time.monotonic() > deadline + PATIENCE_S:
                    raise StartError(f"processes {members} of a former start do not end; end them first")
            time.sleep(0.1)


def _noted(run: Path) -> list[int]:
    try:
        return [int(group) for group in json.loads((run / _NOTES).read_bytes()).values()]
    except (OSError, ValueError, AttributeError, TypeError):
        return []


def _members(group: int) -> list[int]:
    """Living processes of ours in a group. The group's number may have gone to somebody else meanwhile."""
    if sys.platform.startswith("linux"):
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_ours(pid, group)]  # noqa: PTH208
    listed = subprocess.run(  # fixed arguments
        ["/bin/ps", "-axo", "pid=,pgid=,command="], capture_output=True, text=True, check=False
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [int(row[0]) for row in rows if len(row) == 3 and int(row[1]) == group and _OURS in row[2]]


def _is_ours(pid: int, group: int) -> bool:
    process = Path("/proc") / str(pid)
    try:
        # proc(5): after the name in brackets come state, parent and process group.
        fields = process.joinpath("stat").read_text().rpartition(")")[2].split()
        command = process.joinpath("cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return False
    return int(fields[2]) == group and fields[0] != "Z" and _OURS in command
