"""An embedded PostgreSQL: the same engine as production, as our own child process.

It listens on 127.0.0.1 with passwords and on no Unix socket, so no path length limits it and
nobody else on the machine gets in.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from consent.server.embedded.binaries import find_binaries
from consent.server.embedded.child import spawn
from consent.server.embedded.cluster import SUPERUSER, Cluster, prepare_cluster, server_environment
from consent.server.embedded.errors import StartError
from consent.server.embedded.folder_lock import FolderLock
from consent.server.embedded.leftovers import clear_leftovers
from consent.server.embedded.system_user import database_account

ROLE: Final = "consent"
DATABASE: Final = "consent"
MAX_CONNECTIONS: Final = 100
_READY_S = 600.0  # crash recovery of a large log takes minutes; a dead process ends the wait at once
_FAST_STOP_S = 30.0
_ATTEMPTS = 5  # another process may take the free port between our look and the bind
_LOG_LIMIT_BYTES = 10 << 20

# Each is what it is for a promise: nothing acknowledged is lost, and no personal data in the log
# (terse drops the DETAIL line, which quotes values; panic drops the statement).
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": str(MAX_CONNECTIONS),
    "shared_buffers": "128MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
}


class EmbeddedPostgres:
    """One cluster in `home` and its server. Use from the main thread (see `child.spawn`)."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._lock = FolderLock(self._home / "lock")
        self._process: subprocess.Popen[bytes] | None = None
        self._cluster: Cluster | None = None
        self._program: str | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The address for the registry: owner of its database, no superuser."""
        return self._address(ROLE, DATABASE)

    @property
    def admin_url(self) -> str:
        """The superuser's address, for tests and repairs."""
        return self._address(SUPERUSER, "postgres")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running server."""
        if self._process is None:
            raise StartError("the embedded PostgreSQL is not running")
        return self._process

    def start(self) -> None:
        """Bring the server up, recovering from whatever ended it last time.

        Raises:
            StartError: the folder is in use, or a program failed; the message says what to do.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            run_as = database_account()
            binaries = find_binaries(data_dir=self._home, run_as=run_as)
            self._cluster = Cluster(home=self._home, run_as=run_as)
            prepare_cluster(self._cluster, binaries=binaries)
            clear_leftovers(self._cluster.data)
            self._program = binaries.path("postgres")
            self._serve(self._program)
            _ensure_database(self.admin_url, self._cluster.password())
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Start a server that ended by itself again, on the port that its clients know.

        Raises:
            StartError: it does not come up there.
        """
        if self._cluster is None or self._program is None:
            raise StartError("the embedded PostgreSQL was never started")
        _end(self.process)
        self._process = None
        clear_leftovers(self._cluster.data)
        self._launch(self._program)

    def stop(self) -> None:
        """End the server in order (checkpoint first) and free the folder; safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        self._lock.release()

    def _serve(self, program: str) -> None:
        for attempt in range(_ATTEMPTS):
            self._port = _free_port()
            try:
                self._launch(program)
            except StartError:
                if attempt + 1 == _ATTEMPTS or not _port_taken(self._port):
                    raise
            else:
                return

    def _launch(self, program: str) -> None:
        cluster = self._cluster
        if cluster is None:
            raise StartError("no cluster was prepared")
        arguments = [program, "-D", cluster.data_argument(), "-c", f"port={self._port}"]
        for name, value in _SETTINGS.items():
            arguments += ["-c", f"{name}={value}"]
        if cluster.log.exists() and cluster.log.stat().st_size > _LOG_LIMIT_BYTES:
            cluster.log.replace(cluster.log.with_suffix(".log.1"))
        with cluster.log.open("ab") as log:
            start = log.tell()
            process = spawn(
                arguments,
                run_as=cluster.run_as,
                cwd=cluster.data,
                env=server_environment(),
                output=log,
                death_signal=signal.SIGINT if os.name == "posix" else signal.SIGTERM,
            )
        self._process = process
        try:
            _wait_ready(process, cluster.data / "postmaster.pid")
        except StartError as exc:
            self._process = None
            _end(process)
            said = cluster.log.read_bytes()[start:].decode("utf-8", "replace").strip()
            raise StartError(f"{exc} It said:\n{said[-800:]}\nThe whole log: {cluster.log}") from None

    def _address(self, role: str, database: str) -> str:
        if self._cluster is None:
            raise StartError("the embedded PostgreSQL is not running")
        return f"postgresql://{role}:{self._cluster.password()}@127.0.0.1:{self._port}/{database}"


@contextlib.contextmanager
def embedded_postgres(data_dir: Path, *, superuser: bool = False) -> Iterator[str]:
    """A running PostgreSQL in `data_dir` while the block lasts; yields the address of its database.

    With `superuser` the address is the superuser's, as a test run needs that makes databases.
    """
    server = EmbeddedPostgres(data_dir)
    server.start()
    try:
        yield server.admin_url if superuser else server.url
    finally:
        server.stop()


def _wait_ready(process: subprocess.Popen[bytes], pid_file: Path) -> None:
    """Wait until the postmaster says `ready` in its pid file, the way pg_ctl does."""
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartError(f"PostgreSQL ended while starting (status {process.returncode}).")
        try:
            lines = pid_file.read_text().splitlines()
        except OSError:
            lines = []
        # Lines of postmaster.pid (miscadmin.h): 1 the process id, 8 the status.
        if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
            return
        time.sleep(0.02)
    raise StartError(f"PostgreSQL was not ready after {_READY_S:.0f} s.")


def _end(process: subprocess.Popen[bytes]) -> None:
    fast = signal.SIGINT if os.name == "posix" else signal.SIGTERM
    steps = ((fast, _FAST_STOP_S), (signal.SIGTERM if os.name == "nt" else signal.SIGQUIT, 10.0))
    for number, patience_s in steps:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    process.kill()
    process.wait()


def _ensure_database(admin_url: str, password: str) -> None:
    """Make the registry's role and database where they are missing; safe to run at every start."""
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=30) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(ROLE), sql.Literal(password)))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(ROLE)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _port_taken(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
