"""A whole registry as its user starts it (`consent-server up`), in a folder and on a port of its own."""

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

READY_S = 240.0  # longer than `up` waits itself, so that its own words are told
SAID_CHARACTERS = 4000


class Running:
    """`python -m consent.server up` of one interpreter. `folder` outlives kills, so it can be started again."""

    def __init__(self, folder: Path, *, python: str = sys.executable) -> None:
        self.folder = folder
        self.python = python
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.readyz = "not asked"

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}"

    @property
    def state(self) -> Path:
        """Its data folder."""
        return self.folder / "state"

    def start(self) -> float:
        """Start it and wait until it is ready and seeded; the seconds until /readyz said 200."""
        started = time.monotonic()
        log_file = self.folder / "up.log"
        with log_file.open("ab") as log:
            before = log.tell()
            self.process = subprocess.Popen(
                [self.python, "-m", "consent.server", "up"],
                cwd=self.folder,
                env=self.server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ready_after_s: float | None = None
        while ready_after_s is None or b"Ready in" not in log_file.read_bytes()[before:]:
            if ready_after_s is None and self.ready():
                ready_after_s = time.monotonic() - started
            assert self.process.poll() is None, f"up ended with {self.process.returncode}; {self.said()}"
            assert time.monotonic() - started < READY_S, f"not ready after {READY_S} s; {self.said()}"
            time.sleep(0.05)
        return ready_after_s

    def said(self) -> str:
        """What the launcher, its processes and /readyz said last."""
        logs = [self.folder / "up.log", *sorted((self.state / "log").glob("*.log"))]
        told = [f"{log.name}:\n{log.read_text('utf-8', 'replace')[-SAID_CHARACTERS:]}" for log in logs]
        return "\n".join([f"/readyz: {self.readyz}", *told])

    def ready(self) -> bool:
        """Whether /readyz says 200; `readyz` keeps what it said."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                self.readyz = str(answer.status)
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refused:
            with refused:
                self.readyz = f"{refused.code} {refused.read(1000).decode('utf-8', 'replace')}"
        except (urllib.error.URLError, ConnectionError, TimeoutError) as fault:
            self.readyz = repr(fault)
        return False

    def stop(self) -> None:
        """End it in order, as Ctrl-C does."""
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                self.process = process
                self.kill()

    def kill(self) -> None:
        """SIGKILL every process of it at once: launcher, web, relay, PostgreSQL."""
        process, self.process = self.process, None
        assert process is not None
        everybody = descendants(process.pid)
        # Stopped first, so that no child can still react to its parent's death before its own.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in everybody:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        process.wait(10)

    def server_environment(self) -> dict[str, str]:
        """The environment of its commands: nothing of the test run's own settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        return {**kept, "CONSENT_DATA_DIR": str(self.state), "CONSENT_PORT": str(self.port)}

    def client_environment(self) -> dict[str, str]:
        """The environment that `test.env` makes for whoever sources it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
        return {**kept, **read_exports(self.state / "test.env")}

    def consent(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run the `consent` command as another terminal would; its exit code must be `code`."""
        done = self._run(["-m", "consent.cli.main", *arguments], self.client_environment())
        assert code is None or done.returncode == code, (
            f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def consent_json(self, *arguments: str) -> Any:
        """The same with `--json`, parsed."""
        return json.loads(self.consent(*arguments, "--json").stdout)

    def database_url(self) -> str:
        """The superuser's address of its embedded PostgreSQL, to look at rows."""
        pid_file = next(self.state.rglob("postmaster.pid"))
        port = pid_file.read_text().splitlines()[3]  # lines of postmaster.pid: 4 the port
        password = (pid_file.parent.parent / "password").read_text().strip()
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/consent"

    def operator(self, *arguments: str) -> str:
        """Run `consent-server` as the operator; what it printed."""
        done = self._run(["-m", "consent.server", *arguments], self.server_environment())
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _run(self, arguments: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def new_folder() -> Path:
    """A folder that every account can enter: as root, the database runs as one of its own."""
    folder = Path(tempfile.mkdtemp(prefix="consent-it-"))
    folder.chmod(0o755)
    return folder


def free_port() -> int:
    """A port of which the next one is free, too: signing has an origin of its own."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no two free ports side by side")


def read_exports(path: Path) -> dict[str, str]:
    """The variables that a shell gets from sourcing the file; `$PATH` is the one of this process."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        words = shlex.split(line, comments=True)
        for word in words[1:] if words[:1] == ["export"] else words:
            name, separator, value = word.partition("=")
            if separator:
                found[name] = value.replace("$PATH", os.environ.get("PATH", ""))
    return found


def descendants(pid: int) -> list[int]:
    """The process and all that it started, directly or not (Linux)."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found
