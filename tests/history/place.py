"""A registry in pieces: a primary with a synchronous standby, and check nodes that each have a wire of their own."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from consent.server.embedded import postgres
from consent.server.embedded.postgres import EmbeddedPostgres
from tests.history.proxy import Proxy
from tests.integration.running import free_port

ORIGIN = "http://localhost:9"  # nobody opens a page here
READY_S = 60.0
READY_EACH_S = 6.0  # of many that start at the same time on a few cores
_NOT_WAITED_FOR = "synchronous_standby_names = ''"


@dataclass
class Node:
    """One web process with its proxy. `wrong` names a variant that must never be built."""

    number: int
    port: int
    proxy: Proxy
    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, without waiting."""
        with (self.folder / f"node-{self.number}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.history.node", str(self.port)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ready(self) -> bool:
        """Whether it can decide."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def send(self, number: signal.Signals) -> None:
        """A signal to all of its processes."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(10)
            self.process = None


@dataclass
class Place:
    """Everything of one run under `folder`."""

    folder: Path
    primary: EmbeddedPostgres
    standby: EmbeddedPostgres | None = None
    nodes: list[Node] = field(default_factory=list)
    own: Proxy | None = None
    _serving: EmbeddedPostgres | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The settings that all processes share; the database is each one's own wire."""
        return {
            "CONSENT_DATA_DIR": str(self.folder / "state"),
            "CONSENT_ORIGIN": ORIGIN,
            "CONSENT_SECRET_KEY_FILE": str(self.folder / "secret_key"),
            "CONSENT_KEY_SECRET_FILE": str(self.folder / "key_secret"),
        }

    @property
    def serving(self) -> EmbeddedPostgres:
        """The primary of now."""
        return self._serving or self.primary

    def database(self, proxy: Proxy) -> str:
        """The database through a proxy."""
        head, _, tail = self.primary.url.rpartition("@")
        return f"{head}@127.0.0.1:{proxy.port}/{tail.partition('/')[2]}"

    def start_nodes(self, count: int, *, wrong: str = "") -> None:
        """Start nodes and wait until each can decide."""
        for number in range(count):
            proxy = Proxy(_port(self.serving))
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")},
                **self.settings,
                "CONSENT_DATABASE_URL": self.database(proxy),
                "HISTORY_WRONG": wrong,
            }
            if self.standby is not None:
                environment["HISTORY_STANDBY_URL"] = self.standby.url
            port = free_port()
            environment["CONSENT_PORT"] = str(port)
            node = Node(number=number, port=port, proxy=proxy, environment=environment, folder=self.folder)
            node.start()
            self.nodes.append(node)
        deadline = time.monotonic() + READY_S + READY_EACH_S * count
        while not all(node.ready() for node in self.nodes):
            assert time.monotonic() < deadline, f"nodes are not ready; their logs: {self.folder}"
            time.sleep(0.1)

    def stop_nodes(self) -> None:
        """End all nodes."""
        for node in self.nodes:
            node.proxy.heal()
            node.send(signal.SIGCONT)
            node.kill()
            node.proxy.close()
        self.nodes = []

    def crash_database(self) -> None:
        """Kill the serving PostgreSQL at once and start it again on its port."""
        server = self.serving
        server.process.kill()
        server.process.wait()
        server.restart()

    def delay_standby(self, delay_s: float) -> None:
        """Let the standby apply what it was given only so much later, as one that is busy does."""
        assert self.standby is not None
        with psycopg.connect(self.standby.admin_url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET recovery_min_apply_delay = '{int(delay_s * 1000)}ms'")
            connection.execute("SELECT pg_reload_conf()")

    def fail_over(self) -> None:
        """Fence the primary (kill it), promote the synchronous standby, and turn every wire to it."""
        assert self.standby is not None
        assert self._serving is None, "one failover a run: the old primary would have to be rebuilt"
        self.primary.process.kill()
        self.primary.process.wait()
        with psycopg.connect(self.standby.admin_url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {_NOT_WAITED_FOR}")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("SELECT pg_promote(true, 60)")
        self._serving = self.standby
        for proxy in [*(node.proxy for node in self.nodes), *([self.own] if self.own else [])]:
            proxy.target = _port(self.standby)
            proxy.drop()

    def close(self) -> None:
        """End everything."""
        self.stop_nodes()
        if self.own is not None:
            self.own.close()
        for server in (self.primary, self.standby):
            if server is not None:
                server.stop()


def build(folder: Path, *, standby: bool = False, connections: int = 100) -> Place:
    """Prepare a registry in `folder`; with a synchronous standby if one is wanted, for so many connections."""
    postgres._SETTINGS["max_connections"] = str(connections)
    folder.chmod(0o755)
    for name in ("secret_key", "key_secret"):
        (folder / name).write_text(secrets.token_urlsafe(48))
    primary = EmbeddedPostgres(folder / "primary")
    primary.start()
    place = Place(folder=folder, primary=primary)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")},
        **place.settings,
        "CONSENT_DATABASE_URL": primary.url,
    }
    subprocess.run(
        [sys.executable, "-m", "consent.server", "migrate"], env=environment, check=True, capture_output=True
    )
    if standby:
        place.standby = _standby(place)
    place.own = Proxy(_port(primary))
    return place


def _standby(place: Place) -> EmbeddedPostgres:
    """A cold copy of the primary's folder that follows it from then on."""
    primary, home = place.primary, place.folder / "standby"
    primary.stop()
    subprocess.run(["cp", "-a", str(place.folder / "primary"), str(home)], check=True)
    for leftover in ("lock", "postgres.log"):
        (home / leftover).unlink(missing_ok=True)
    primary.start()
    password = (home / "password").read_text().strip()
    conninfo = (
        f"host=127.0.0.1 port={_port(primary)} user=postgres password={password} application_name=standby"
    )
    data = home / "cluster"
    signal_file = data / "standby.signal"
    signal_file.touch()
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"primary_conninfo = '{conninfo}'\n")
    shutil.chown(signal_file, *_owner(data))
    standby = EmbeddedPostgres(home)
    standby.start()
    with psycopg.connect(primary.admin_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        connection.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        while (connection.execute("SELECT sync_state FROM pg_stat_replication").fetchone() or ("",))[
            0
        ] != "sync":
            assert time.monotonic() < deadline, "the standby does not follow"
            time.sleep(0.1)
    return standby


def _owner(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid


def _port(server: EmbeddedPostgres) -> int:
    return int(server.url.rpartition(":")[2].partition("/")[0])
