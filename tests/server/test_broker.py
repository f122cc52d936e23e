"""With a broker the relay hands its timed work to Celery workers, on a real RabbitMQ."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.integration.running import free_port
from tests.server.laptop import Laptop
from tests.server.rabbitmq import PROGRAM, Rabbit, until

_SPENT = "SELECT count(*) FROM registry_spentproof WHERE jti = 'planted'"

_PLANT = (
    "INSERT INTO registry_spentproof (livemode, jti, expires_at)"
    " VALUES (false, 'planted', now() - interval '1 h')"
)


@pytest.fixture
def rabbitmq() -> Iterator[str]:
    """A broker of the test's own; its address."""
    if not Path(PROGRAM).exists():
        pytest.skip("needs rabbitmq-server")
    rabbit = Rabbit()
    try:
        rabbit.start()
        yield rabbit.url
    finally:
        rabbit.remove()


def test_a_worker_does_what_the_relay_hands_over(own_laptop: Laptop, rabbitmq: str) -> None:
    own_laptop.settings["CONSENT_BROKER_URL"] = rabbitmq
    own_laptop.start()
    log = own_laptop.folder / "worker.log"
    with psycopg.connect(own_laptop.database_url(), autocommit=True) as connection, log.open("wb") as out:
        connection.execute(_PLANT)
        worker = subprocess.Popen(
            [own_laptop.python, "-m", "consent.server", "run", "worker"],
            cwd=own_laptop.folder,
            env={k: v for k, v in own_laptop.server_environment().items() if k != "CONSENT_PORT"},
            stdout=out,
            stderr=out,
        )
        try:
            _restart_relay(own_laptop)  # its first turn hands everything over
            forgotten = until(lambda: connection.execute(_SPENT).fetchone() == (0,), within_s=60)
        finally:
            worker.terminate()
            worker.wait(30)
    said = log.read_text()
    assert forgotten and "Traceback" not in said, said + (own_laptop.state / "log" / "relay.log").read_text()


def test_without_its_broker_the_relay_does_the_work_itself(own_laptop: Laptop) -> None:
    own_laptop.settings["CONSENT_BROKER_URL"] = f"amqp://guest:guest@127.0.0.1:{free_port()}//"
    own_laptop.start()
    with psycopg.connect(own_laptop.database_url(), autocommit=True) as connection:
        connection.execute(_PLANT)
        _restart_relay(own_laptop)
        assert until(lambda: connection.execute(_SPENT).fetchone() == (0,), within_s=60)


def _restart_relay(laptop: Laptop) -> None:
    groups = json.loads((laptop.state / "run" / "children.json").read_bytes())
    os.killpg(groups["relay"], signal.SIGKILL)
