"""End what a killed launcher left behind in one cluster folder, and only that."""

import os
import signal
import sys
import time
from pathlib import Path

from consent.server.embedded.errors import StartError

_PATIENCE_S = 20.0
_PAUSE_S = 0.05


def clear_leftovers(cluster: Path) -> None:
    """End PostgreSQL processes that still run in `cluster` and remove a pid file that names none.

    The caller holds the folder's lock, so no living launcher owns them. A number in the pid file
    is believed only if that process really works in this folder: numbers are used again.

    Raises:
        StartError: a process in this folder does not end.
    """
    deadline = time.monotonic() + _PATIENCE_S
    # SIGINT is PostgreSQL's fast shutdown; SIGQUIT leaves the rest to crash recovery.
    order = [signal.SIGINT, signal.SIGQUIT] if os.name == "posix" else [signal.SIGTERM]
    sent = -1
    while running := _processes_in(cluster):
        elapsed = _PATIENCE_S - (deadline - time.monotonic())
        due = min(int(elapsed / (_PATIENCE_S / 2)), len(order) - 1)
        if due > sent:
            sent = due
            for pid in running:
                _signal(pid, order[due])
        if time.monotonic() > deadline:
            raise StartError(
                f"PostgreSQL processes {running} still run in {cluster} and do not end. "
                "End them, then start again."
            )
        time.sleep(_PAUSE_S)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _processes_in(cluster: Path) -> list[int]:
    """Ids of living PostgreSQL processes that work in `cluster`, the postmaster first."""
    if sys.platform.startswith("linux"):
        return sorted(pid for pid in _all_pids() if _works_in(pid, cluster))
    pid = _recorded_pid(cluster)
    return [pid] if pid is not None and _alive(pid) else []


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  # names, not paths


def _works_in(pid: int, cluster: Path) -> bool:
    """Whether process `pid` is a PostgreSQL whose working folder is `cluster` (Linux)."""
    process = Path("/proc") / str(pid)
    try:
        # PostgreSQL changes into its data folder at once and stays there.
        if not process.joinpath("cwd").samefile(cluster):
            return False
        program = process.joinpath("comm").read_text().strip()
        state = process.joinpath("stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return program.startswith("postgres") and state != "Z"


def _recorded_pid(cluster: Path) -> int | None:
    try:
        return abs(int((cluster / "postmaster.pid").read_text().splitlines()[0]))
    except (OSError, ValueError, IndexError):
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    return True


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
