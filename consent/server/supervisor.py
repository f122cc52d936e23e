"""Keeps processes running: starts them, starts them again when they end, stops them in order.

A child is the head of a process group of its own, so that its workers end with it even when it is killed.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from consent.server.embedded.child import spawn
from consent.server.embedded.errors import StartError

POLL_S = 0.1
STOP_S = 15.0  # an ending that waits for its enforcement is answered first
BACKOFF_S = (0.2, 1.0, 2.0, 5.0)  # before the 1st, 2nd, … start within the window
WINDOW_S = 60.0
MAX_STARTS = 6  # within the window; more means that it cannot run here
_LOG_LIMIT_BYTES = 20 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """How to start one process. Without `log` it writes where the supervisor does."""

    name: str
    arguments: tuple[str, ...]
    env: Mapping[str, str] | None = None
    log: Path | None = None


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    starts: deque[float] = field(default_factory=deque)
    due: float = 0.0


def python_child(
    name: str, arguments: Sequence[str], *, env: Mapping[str, str] | None = None, log: Path | None = None
) -> Child:
    """One of our own commands as a child, under this interpreter."""
    return Child(name=name, arguments=(sys.executable, "-m", "consent.server", *arguments), env=env, log=log)


class Supervisor:
    """Starts children in the order they were added and stops them in the reverse. Main thread only."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._running: list[_Running] = []

    def add(self, child: Child) -> None:
        """One more child, started by `start` or `run`."""
        self._running.append(_Running(child=child))

    def start(self) -> None:
        """Start every child that does not run."""
        for each in self._running:
            if each.process is None:
                self._launch(each)

    def groups(self) -> dict[str, int]:
        """The process groups of the children that run, by name."""
        return {each.child.name: each.process.pid for each in self._running if each.process is not None}

    def run(self, stop: threading.Event, *, also: Callable[[], None] | None = None) -> int:
        """Keep everything running until `stop` is set, then stop it; returns an exit status.

        `also` is called at every look; it may raise StartError, which ends the supervision.
        """
        try:
            self.start()
            while not stop.wait(POLL_S):
                self.look()
                if also is not None:
                    also()
        finally:
            self.stop()
        return 0

    def look(self) -> None:
        """Notice what ended and start it again when its turn comes.

        Raises:
            StartError: a child ends as soon as it is started, again and again.
        """
        for each in self._running:
            if each.process is not None and each.process.poll() is not None:
                status = each.process.returncode
                _end_group(each.process.pid, signal.SIGKILL)  # workers it left behind
                each.process = None
                now = self._monotonic()
                while each.starts and now - each.starts[0] > WINDOW_S:
                    each.starts.popleft()
                if len(each.starts) >= MAX_STARTS:
                    raise StartError(
                        f"{each.child.name} ended {len(each.starts)} times (status {status}).{_said(each)}"
                    )
                each.due = now + BACKOFF_S[min(len(each.starts), len(BACKOFF_S)) - 1]
            if each.process is None and each.due <= self._monotonic():
                self._launch(each)

    def stop(self) -> None:
        """Ask the children to end, the last added first; kill what does not. Safe to call twice."""
        for each in reversed(self._running):
            process, each.process = each.process, None
            if process is None:
                continue
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            _end_group(process.pid, signal.SIGKILL)
            process.wait()

    def _launch(self, each: _Running) -> None:
        child = each.child
        each.starts.append(self._monotonic())
        if child.log is None:
            each.process = spawn(child.arguments, env=child.env)
            return
        if child.log.exists() and child.log.stat().st_size > _LOG_LIMIT_BYTES:
            child.log.replace(child.log.with_suffix(".log.1"))
        with child.log.open("ab") as log:
            each.process = spawn(child.arguments, env=child.env, output=log)


def _end_group(group: int, number: signal.Signals) -> None:
    if os.name != "posix":
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _said(each: _Running) -> str:
    if each.child.log is None or not each.child.log.exists():
        return ""
    tail = each.child.log.read_bytes()[-1500:].decode("utf-8", "replace").strip()
    return f" It said:\n{tail}\nThe whole log: {each.child.log}"
