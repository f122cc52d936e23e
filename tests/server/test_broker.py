"""With a broker the relay hands its timed work to Celery workers, on a real RabbitMQ."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from consent.server.embedded.ports import holder_of
from tests.integration.running import free_port
from tests.server.laptop import Laptop

_PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the wrapper on PATH changes accounts as root
_SPENT = "SELECT count(*) FROM registry_spentproof WHERE jti = 'planted'"

_PLANT = (
    "INSERT INTO registry_spentproof (livemode, jti, expires_at)"
    " VALUES (false, 'planted', now() - interval '1 h')"
)


@pytest.fixture
def rabbitmq() -> Iterator[str]:
    """A real RabbitMQ of the test's own, on the loopback only; its address."""
    if not Path(_PROGRAM).exists():
        pytest.skip("needs rabbitmq-server")
    folder = Path(tempfile.mkdtemp(prefix="consent-mq-"))
    port, epmd = free_port(), free_port()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"consent{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(epmd),
    }
    with (folder / "out").open("wb") as out:
        server = subprocess.Popen([_PROGRAM], env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        assert _until(lambda: _listens(port), within_s=60), (folder / "out").read_text()
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        keeper = holder_of(epmd)  # Erlang's name server stays behind
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)
        if "epmd" in keeper:
            os.kill(int(keeper.rpartition(" ")[2].rstrip(")")), signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(condition: Callable[[], bool], *, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


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
            forgotten = _until(lambda: connection.execute(_SPENT).fetchone() == (0,), within_s=60)
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
        assert _until(lambda: connection.execute(_SPENT).fetchone() == (0,), within_s=60)


def _restart_relay(laptop: Laptop) -> None:
    groups = json.loads((laptop.state / "run" / "children.json").read_bytes())
    os.killpg(groups["relay"], signal.SIGKILL)
