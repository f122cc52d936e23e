"""`up`, step by step: folder, database, keys, processes, seeds; and the way back down."""

import os
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from consent.server.django_setup import set_up_django
from consent.server.embedded.errors import StartError
from consent.server.embedded.folder_lock import FolderLock
from consent.server.embedded.ports import require_free
from consent.server.embedded.postgres import EmbeddedPostgres
from consent.server.laptop.banner import banner, shown
from consent.server.laptop.folder import LaptopFolder, write_env
from consent.server.laptop.orphans import end_orphans, note_groups
from consent.server.settings import Settings, read_settings
from consent.server.settings.names import NAMES
from consent.server.settings.storage import DEFAULT_DATA_DIR
from consent.server.supervisor import Supervisor, python_child

if TYPE_CHECKING:
    from consent.server.laptop.seeding import Seeded
    from consent.server.wiring import Wiring

HOST = "127.0.0.1"
READY_S = 180.0  # a laptop that is busy with something else imports Django slowly
_PROBE_URL = "postgresql://consent@127.0.0.1:5432/consent"  # stands in until the real one is known


class Machine:
    """A whole registry in one folder. Use from the main thread."""

    def __init__(self) -> None:
        root = Path(os.environ.get("CONSENT_DATA_DIR", "").strip() or DEFAULT_DATA_DIR).absolute()
        self._folder = LaptopFolder(root=root)
        self._lock = FolderLock(root / "lock")
        self._supervisor = Supervisor()
        self._postgres: EmbeddedPostgres | None = None
        self._children: dict[str, int] = {}

    def run(self, stop: threading.Event) -> int:
        """Up, until `stop` is set, then down; returns an exit status.

        Raises:
            StartError, SettingsRefused: it cannot run here; everything that was started has ended.
        """
        self._folder.make()
        self._lock.acquire()
        try:
            self._up(stop)
            if not stop.is_set():
                self._supervisor.run(stop, also=self._keep)
        finally:
            self._down()
        return 0

    def _up(self, stop: threading.Event) -> None:
        began = time.monotonic()
        embedded = not (os.environ.get("CONSENT_DATABASE_URL") or os.environ.get("CONSENT_DATABASE_URL_FILE"))
        self._own_settings(_PROBE_URL if embedded else None)
        settings = read_settings(os.environ)  # refuses before anything is started
        end_orphans(self._folder.run)
        self._require_ports(settings)
        if embedded:
            print("Starting PostgreSQL ...", flush=True)
            self._postgres = EmbeddedPostgres(self._folder.postgres)
            self._postgres.start()
            self._own_settings(self._postgres.url)
            settings = read_settings(os.environ)
        print("Preparing the database ...", flush=True)
        set_up_django()
        from consent.server.preparing import prepare  # noqa: PLC0415  # models exist only after the set-up

        wiring = prepare(settings)
        self._start_web(settings)
        seeded = self._seed(settings, wiring)  # while the web process starts
        # After the seeds: the relay plays the invented performers, whom seeding lets sign.
        self._launch("relay", ["run", "relay", "--laptop"])
        self._launch("publisher", ["run", "publisher"])
        self._wait_ready(settings, stop)
        print(f"\n{banner(url=settings.web.origin, data_dir=self._folder.root, seeded=seeded)}")
        print(f"\nReady in {time.monotonic() - began:.1f} s. Logs: {shown(self._folder.logs)}", flush=True)

    def _require_ports(self, settings: Settings) -> None:
        """Both must be free. Unless somebody chose it, the signing origin's port follows CONSENT_PORT."""
        require_free(settings.web.port, host=HOST, setting="CONSENT_PORT")
        signing = settings.web.signing_port
        if signing is not None and os.environ.get("CONSENT_SIGNING_ORIGIN", "").strip():
            require_free(signing, host=HOST, setting="CONSENT_SIGNING_ORIGIN", before="http://localhost:")
        elif signing is not None:
            require_free(signing, host=HOST, setting="CONSENT_PORT")

    def _own_settings(self, database_url: str | None) -> None:
        """Fill in what the laptop decides for itself and nobody set."""
        os.environ["CONSENT_DATA_DIR"] = str(self._folder.root)
        if database_url is not None:
            os.environ["CONSENT_DATABASE_URL"] = database_url
        for name in ("CONSENT_SECRET_KEY", "CONSENT_KEY_SECRET", "CONSENT_BACKUP_SECRET"):
            if not os.environ.get(name) and not os.environ.get(f"{name}_FILE"):
                path = self._folder.secret(name.removeprefix("CONSENT_").lower())
                os.environ[f"{name}_FILE"] = str(path)

    def _start_web(self, settings: Settings) -> None:
        shown_to_commands = {
            name: os.environ[name]
            for each in sorted(NAMES)
            for name in (each, f"{each}_FILE")
            if os.environ.get(name)
        }
        write_env(self._folder.server_env, shown_to_commands)
        self._launch("web", ["run", "web", "--host", HOST])
        if settings.web.signing_port is not None:
            self._launch("signing", ["run", "web", "--signing", "--host", HOST])

    def _launch(self, name: str, arguments: list[str]) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        log = self._folder.logs / f"{name}.log"
        self._supervisor.add(python_child(name, arguments, env=environment, log=log))
        self._supervisor.start()
        self._note_children()

    def _seed(self, settings: Settings, wiring: "Wiring") -> "Seeded":
        # Imported here: models exist only after the set-up.
        from django.db import connections  # noqa: PLC0415

        from consent.server.laptop.seeding import seed, write_client_files  # noqa: PLC0415

        seeded = seed(self._folder, wiring.registry)
        write_client_files(self._folder, seeded, url=settings.web.origin, trust=wiring.trust())
        connections.close_all()  # the supervisor needs the database no longer
        return seeded

    def _wait_ready(self, settings: Settings, stop: threading.Event) -> None:
        deadline = time.monotonic() + READY_S
        waited_for = {"web": settings.web.port, "signing": settings.web.signing_port}
        while not stop.is_set():
            self._supervisor.look()
            self._note_children()
            waited_for = {
                name: port
                for name, port in waited_for.items()
                if port is not None and not _answers(f"http://{HOST}:{port}/readyz")
            }
            if not waited_for:
                return
            if time.monotonic() > deadline:
                logs = ", ".join(str(self._folder.logs / f"{name}.log") for name in waited_for)
                raise StartError(f"Not ready after {READY_S:.0f} s: {', '.join(waited_for)}. See {logs}")
            stop.wait(0.05)

    def _keep(self) -> None:
        """Bring PostgreSQL back if it ended, on the port that the others know."""
        self._note_children()
        if self._postgres is not None and self._postgres.process.poll() is not None:
            print("PostgreSQL ended; starting it again ...", flush=True)
            self._postgres.restart()

    def _note_children(self) -> None:
        groups = self._supervisor.groups()
        if groups != self._children:
            self._children = groups
            note_groups(self._folder.run, groups)

    def _down(self) -> None:
        if self._children:
            print("\nStopping ...", flush=True)
        self._supervisor.stop()
        self._folder.server_env.unlink(missing_ok=True)
        if self._postgres is not None:
            self._postgres.stop()
        if self._children:
            note_groups(self._folder.run, {})
            print(f"Stopped. Everything is kept in {shown(self._folder.root)}.", flush=True)
        self._lock.release()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  # our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
