"""Servers under test, each a process of its own on the server's core: ours, and those it is held against."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from consent.server.commands.run import THREADS
from tests.bench.machine import pin
from tests.integration.running import descendants

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
READY_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Something that answers HTTP on `port`; `pid` is its oldest process."""

    name: str
    port: int
    pid: int


@contextmanager
def granian(
    name: str, application: str, *, cores: set[int], environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A WSGI application under granian, configured as the registry's web process is."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port),
        "--workers", "1", "--blocking-threads", str(THREADS), "--blocking-threads-idle-timeout", "600",
        "--no-ws", "--no-access-log", "--log-level", "error", application,
    ]  # fmt: skip
    with started(name, command, port=port, cores=cores, environment=environment) as server:
        yield server


@contextmanager
def started(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    cores: set[int],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A command that listens on `port`, kept to `cores`, ended with the block. RuntimeError if it does not start."""
    ours = os.sched_getaffinity(0)
    pin(cores)  # inherited
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        pin(ours)
    try:
        _wait(name, process, port)
        yield Server(name=name, port=port, pid=process.pid)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if process.poll() is None:
            process.kill()
            process.wait()


def pin_process(pid: int, cores: set[int]) -> None:
    """Move a process, what it started, and all their threads to these cores."""
    for each in descendants(pid):
        with contextlib.suppress(OSError):
            for task in (Path("/proc") / str(each) / "task").iterdir():
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(int(task.name), cores)


@contextmanager
def resting(servers: Iterable[Server]) -> Iterator[None]:
    """These do nothing at all while the block lasts: one that nobody asks still follows the primary, now and then."""
    stopped = [pid for server in servers for pid in descendants(server.pid)]
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait(name: str, process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode} before it listened") from None
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not listen within {READY_S:.0f} s") from None
            time.sleep(0.05)
