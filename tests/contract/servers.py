"""Real S3-compatible servers on loopback, each started for one run and ended by its own process id."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACCESS_KEY = "contract-tests"
SECRET_KEY = "contract-tests-secret"
BUCKET = "consent"
_START_S = 20


def program(name: str) -> str | None:
    """Where a program of this environment stands, or None."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


@contextmanager
def rclone(folder: Path) -> Iterator[str]:
    """`rclone serve s3`: checks signatures, overwrites in spite of If-None-Match. Yields its URL."""
    port = _free_port()
    address = f"127.0.0.1:{port}"
    command = [
        program("rclone"), "serve", "s3", "--addr", address, "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}",
        "--config", "/dev/null", str(folder),
    ]  # fmt: skip
    with _running([str(part) for part in command], folder, port):
        yield f"http://{address}"


@contextmanager
def localbucket(folder: Path) -> Iterator[str]:
    """`localbucket`: honours If-None-Match, checks no signature. Yields its URL."""
    port = _free_port()
    command = [program("localbucket"), str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with _running([str(part) for part in command], folder, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a server over a folder that holds the bucket, until the block ends."""
    (folder / BUCKET).mkdir(parents=True)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await_port(process, port)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not open its port")
