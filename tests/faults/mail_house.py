"""A registry's relay and workers as processes that a test may kill, over a database and a folder of its own."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.mail.post_office import PostOffice
from tests.server.rabbitmq import until

ROOT = Path(__file__).parents[2]
PATIENCE_S = 150.0  # for a machine that does much else
_WAITING = "SELECT count(*) FROM log_outbox WHERE sent_at IS NULL"


class MailHouse:
    """Mail goes to the `office` of the day; `visit` begins a new day, on which nothing runs yet."""

    def __init__(self, postgres_server: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="consent-mail-"))
        self.processes: list[subprocess.Popen[bytes]] = []
        self._server, self._name = postgres_server, f"consent_mail_{secrets.token_hex(6)}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._name}"')
        self.url = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{self._name}"))
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")},
            "CONSENT_DATA_DIR": str(self.folder / "state"),
            "CONSENT_DATABASE_URL": self.url,
            "CONSENT_SECRET_KEY": secrets.token_urlsafe(48),
            "CONSENT_KEY_SECRET": secrets.token_urlsafe(48),
        }
        self._run("consent.server", "migrate")

    @contextmanager
    def visit(self) -> Iterator["MailHouse"]:
        """With a new post office; at the end nothing runs and nothing waits."""
        self._log = self.folder / f"log-{secrets.token_hex(4)}"
        with PostOffice() as self.office:
            self._environment["CONSENT_SMTP_URL"] = f"smtp://{self.office.host}:{self.office.port}"
            try:
                yield self
            finally:
                for process in self.processes:
                    if process.poll() is None:
                        self.kill(process)
                with psycopg.connect(self.url, autocommit=True) as connection:
                    connection.execute("DELETE FROM log_outbox")

    def plant(self, count: int) -> list[str]:
        """So many notices become due; the Message-IDs that their mails will have."""
        ids = self._run("tests.faults.mail_rows", str(count)).split()
        assert len(ids) == count
        return [f"<{outbox_id}@localhost>" for outbox_id in ids]

    def start(self, process: str, *, broker: str | None) -> subprocess.Popen[bytes]:
        """A relay or a worker."""
        environment = {**self._environment, **({"CONSENT_BROKER_URL": broker} if broker else {})}
        with self._log.open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "consent.server", "run", process],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.processes.append(started)
        return started

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """As a machine dies."""
        process.send_signal(signal.SIGKILL)
        process.wait(30)

    def sent(self) -> bool:
        """Whether every notice is marked as sent."""
        return bool(self.ask(_WAITING)[0] == 0)

    def all_sent(self) -> None:
        """Wait until every notice is marked as sent."""
        assert until(self.sent, within_s=PATIENCE_S), self.log()

    def ask(self, query: str) -> Any:
        """One row of the database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query).fetchone()

    def minute_passes(self) -> None:
        """Let the claims of dead workers, and pauses, run out now instead of being waited for."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "UPDATE log_outbox SET claimed_until = now(), hinted_until = now(), next_attempt_at = now() "
                "WHERE sent_at IS NULL"
            )

    def log(self) -> str:
        """What the processes said."""
        return self._log.read_text("utf-8", "replace")[-6000:]

    def remove(self) -> None:
        """Drop database and folder."""
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{self._name}" WITH (FORCE)')
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout
