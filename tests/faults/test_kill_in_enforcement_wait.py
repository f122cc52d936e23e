"""SIGKILL between the COMMIT of a denial and its enforcement: nothing is lost, nothing is claimed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent.log.ports import LogPorts
from tests.log.history import connected_to, database_url, file_ports, migrate, new_database

Killed = tuple[LogPorts, str]
_REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def killed(database: str, postgres_server: str, tmp_path: Path) -> Iterator[Killed]:
    """A database in which a worker died while it waited; yields its ports and the denial's event id."""
    from django import db

    from consent.log.start import initialise

    with new_database(postgres_server) as name, connected_to(database_url(postgres_server, name)):
        migrate()
        ports = file_ports(tmp_path)
        initialise(ports)
        with db.connection.cursor() as cursor:
            # A wait long enough to be killed in for certain; the test brings it back.
            cursor.execute("UPDATE log_head SET l_wait_ms = 60000")
        environment = {
            **os.environ,
            "CONSENT_DATABASE_URL": database_url(postgres_server, name),
            "DJANGO_SETTINGS_MODULE": "consent.server.settings",
        }
        command = [sys.executable, "-m", "tests.faults.committing_worker", str(tmp_path)]
        with subprocess.Popen(
            command, cwd=_REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True
        ) as worker:
            assert worker.stdout is not None
            event_id = worker.stdout.readline().strip()
            os.kill(worker.pid, signal.SIGKILL)
            assert worker.wait(30) == -signal.SIGKILL
            assert worker.stdout.read() == ""
        with db.connection.cursor() as cursor:
            cursor.execute("UPDATE log_head SET l_wait_ms = 300")
        yield ports, event_id


def test_the_denial_is_committed_but_not_yet_enforced(killed: Killed) -> None:
    from consent.log.models import Enforcement, Event
    from consent.log.verify import verify_history

    _, event_id = killed
    assert Event.objects.get(pk=event_id).seq == verify_history(False).seq == 1
    assert Enforcement.objects.get(pk=event_id).enforced_at is None


def test_the_sweeper_finishes_for_the_dead_worker_after_a_full_wait_of_its_own(killed: Killed) -> None:
    from consent.log.enforcement import sweep
    from consent.log.models import Enforcement

    ports, event_id = killed
    began = ports.boot_clock()
    assert sweep(ports) == 1
    assert ports.boot_clock() - began >= 0.315
    assert Enforcement.objects.get(pk=event_id).enforced_at is not None
    assert sweep(ports) == 0


def test_a_repeated_request_waits_from_when_it_saw_the_row(killed: Killed) -> None:
    from consent.log.enforcement import await_seen
    from consent.log.models import Enforcement

    ports, event_id = killed
    began = ports.boot_clock()
    enforced_at = await_seen(event_id, ports=ports)
    assert ports.boot_clock() - began >= 0.315
    assert Enforcement.objects.get(pk=event_id).enforced_at == enforced_at
    assert await_seen(event_id, ports=ports) == enforced_at
