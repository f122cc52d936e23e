"""A registry of the demo's own: embedded PostgreSQL, migrations, keys, a web process on a free port, a publisher.

The demo is its operator (`operating.py`); everything else happens from outside, over HTTP.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from consent.client.exchange import Exchange
from consent.client.files import write_whole
from consent.client.trust_file import fetch_trust
from consent.server.django_setup import set_up_django
from consent.server.embedded.child import spawn
from consent.server.embedded.errors import StartError
from consent.server.embedded.folder_lock import FolderLock
from consent.server.embedded.leftovers import clear_leftovers
from consent.server.embedded.postgres import EmbeddedPostgres
from consent.server.settings import read_settings
from signing.trust import Trust

if TYPE_CHECKING:
    from consent.registry.ports import RegistryPorts

READY_S = 30.0
STOP_S = 10.0


class Stage:
    """The registry in `folder` while the block lasts. Use from the main thread (see `child.spawn`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FolderLock(folder / "lock")
        self._postgres = EmbeddedPostgres(folder / "postgres")
        self._web: subprocess.Popen[bytes] | None = None
        self._publisher: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._ports: RegistryPorts | None = None
        self._trust: Trust | None = None

    def __enter__(self) -> Self:
        """Make the folder anew. Raises StartError while another demo uses it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        cluster = self._folder / "postgres" / "cluster"
        if cluster.exists():  # of a demo that was killed
            clear_leftovers(cluster)
        for path in self._folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the registry answers."""
        return f"http://localhost:{self._port}"

    @property
    def ports(self) -> "RegistryPorts":
        """The operator's way in."""
        if self._ports is None:
            raise StartError("the demo's registry is not open")
        return self._ports

    @property
    def trust(self) -> Trust:
        """The trust file as everybody fetches it; also in `trust.json`."""
        if self._trust is None:
            raise StartError("the demo's registry is not open")
        return self._trust

    @property
    def web(self) -> subprocess.Popen[bytes]:
        """The web process."""
        if self._web is None:
            raise StartError("the demo's registry is not open")
        return self._web

    def open(self) -> None:
        """Bring everything up and wait until it is ready.

        Raises:
            StartError: something did not start; the message says what and where its log is.
        """
        self._postgres.start()
        self._port = _free_port()
        os.environ.update(self._settings())
        self._ports = _operator()
        self._web = self._run("web")
        self._publisher = self._run("publisher")
        self._wait_ready()
        raw, self._trust = fetch_trust(Exchange(address=self.url, authorize=None))
        write_whole(self._folder / "trust.json", raw)

    def close(self) -> None:
        """End the processes, then PostgreSQL; safe to call twice."""
        processes = [each for each in (self._publisher, self._web) if each is not None]
        self._publisher = self._web = None
        for process in processes:
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            if process.poll() is None:
                process.kill()
                process.wait()
        if self._ports is not None:
            from django.db import connections  # noqa: PLC0415  # Django is set up in `open`

            connections.close_all()
            self._ports = None
        self._postgres.stop()
        self._lock.release()

    def _run(self, kind: str) -> subprocess.Popen[bytes]:
        """One of our own processes; what it says is in a file of its name."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with (self._folder / f"{kind}.log").open("wb") as log:
            return spawn([sys.executable, "-m", "consent.server", "run", kind], env=environment, output=log)

    def _settings(self) -> dict[str, str]:
        """The environment of this registry alone; settings of another one are taken out."""
        for name in [name for name in os.environ if name.startswith("CONSENT_")]:
            del os.environ[name]
        return {
            "CONSENT_DATABASE_URL": self._postgres.url,
            "CONSENT_DATA_DIR": str(self._folder),
            "CONSENT_KEY_SECRET": secrets.token_urlsafe(48),
            "CONSENT_PORT": str(self._port),
            "CONSENT_SECRET_KEY": secrets.token_urlsafe(48),
            "DJANGO_SETTINGS_MODULE": "consent.server.settings",
        }

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.web.poll() is not None:
                break
            if _answers(f"{self.url}/readyz"):
                return
            time.sleep(0.05)
        log = self._folder / "web.log"
        said = log.read_text("utf-8", "replace").strip()[-800:]
        raise StartError(f"The web process did not become ready. It said:\n{said}\nThe log: {log}")


def _operator() -> "RegistryPorts":
    """Tables, keys and the beginning of both histories; then the ports that the operator's commands use."""
    set_up_django()
    from consent.server.preparing import prepare  # noqa: PLC0415  # models exist only after the set-up

    return prepare(read_settings(os.environ)).registry


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
