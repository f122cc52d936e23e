"""Start child processes that do not outlive their launcher."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from consent.server.embedded.system_user import RunAs

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def spawn(
    arguments: Sequence[str],
    *,
    run_as: RunAs | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches only the launcher.

    On Linux the kernel sends the child `death_signal` when the launcher dies, even by SIGKILL.
    That is tied to the *thread* that calls this: call it from the main thread. Elsewhere the next
    start ends what was left (`leftovers.py`).
    """
    options = (run_as or RunAs()).popen_options()
    return subprocess.Popen(  # noqa: S603  # callers give fixed programs
        list(arguments),
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=_tie_to_launcher(death_signal),  # noqa: PLW1509  # runs prctl only, after the uid change
        **options,
    )


def die_with_launcher(death_signal: signal.Signals) -> None:
    """Let the kernel send *this* process `death_signal` when its parent dies (Linux; elsewhere nothing)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def _tie_to_launcher(death_signal: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork. subprocess changes the uid before preexec_fn runs, and prctl must
    # come after that: the kernel forgets the death signal when credentials change.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    launcher = os.getpid()
    number = int(death_signal)

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != launcher:  # it died between fork and prctl
            os._exit(1)

    return tie
