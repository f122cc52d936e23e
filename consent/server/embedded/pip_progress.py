"""Run pip with one readable line of progress, and a readable end when it fails."""

import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from consent.server.embedded.errors import StartError

_STEP = re.compile(
    r"\s*(Collecting|Obtaining|Downloading|Building wheel for|Installing collected packages:)\s+(\S+)"
)
_TAIL_LINES = 12
_SLOW_STEP_S = 10.0  # without a terminal, say that we live at most this often


def run_pip(python: Path, arguments: Sequence[str], *, what: str, log: Path) -> None:
    """Run `pip` with `arguments`, everything it says going to `log`.

    Raises:
        StartError: pip failed; the message ends with its last lines and names the log.
    """
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    command += ["--progress-bar", "off"]
    print(f"Installing {what}; the first time this takes a minute ...", flush=True)
    began = time.monotonic()
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    line_of_progress = _Progress()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(  # noqa: S603  # the environment's own pip
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment,
        ) as pip,
    ):
        for line in pip.stdout or ():
            file.write(line)
            if line.strip():
                tail.append(line.rstrip())
            if step := _STEP.match(line):
                line_of_progress.show(f"{step[1].split(' ')[0]} {step[2].split('[')[0]}")
    line_of_progress.clear()
    if pip.returncode != 0:
        raise StartError(
            "the installation failed. pip said:\n  "
            + "\n  ".join(tail)
            + f"\nAll of it: {log}\nIs the package index reachable from here? Run this again to go on."
        )
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)


class _Progress:
    """One line that is rewritten on a terminal, and now and then a line elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._last = time.monotonic()

    def show(self, text: str) -> None:
        """Say what is being done."""
        if self._terminal:
            print(f"\r\x1b[K  {text[:70]}", end="", flush=True)
        elif time.monotonic() - self._last > _SLOW_STEP_S:
            self._last = time.monotonic()
            print(f"  {text[:70]}", flush=True)

    def clear(self) -> None:
        """Leave no half line behind."""
        if self._terminal:
            print("\r\x1b[K", end="", flush=True)
