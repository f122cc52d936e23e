"""A real RabbitMQ of a test's own, on the loopback only, that can be killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from consent.server.embedded.ports import holder_of
from tests.integration.running import free_port

PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the wrapper on PATH changes accounts as root
START_S = 60.0


class Rabbit:
    """`url` stays the same over `kill` and `start`; what was queued durably is still there."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="consent-mq-"))
        self.port, self._epmd, self._dist = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        environment = {
            **os.environ,
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"consent{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd),
        }
        with (self.folder / "out").open("ab") as out:
            self._server = subprocess.Popen(
                [PROGRAM], env=environment, stdout=out, stderr=out, start_new_session=True
            )
        assert until(lambda: listens(self.port), within_s=START_S), (self.folder / "out").read_text()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and whatever it started."""
        assert self._server is not None
        os.killpg(self._server.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        assert self._server is not None
        self._server.wait(60)
        self._server = None

    def remove(self) -> None:
        """End it in order, with Erlang's name server that it leaves behind, and remove its folder."""
        if self._server is not None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            self._server.wait(60)
        keeper = holder_of(self._epmd)
        if "epmd" in keeper:
            os.kill(int(keeper.rpartition(" ")[2].rstrip(")")), signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


def listens(port: int) -> bool:
    """Whether something on this machine takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(condition: Callable[[], bool], *, within_s: float) -> bool:
    """Wait for something to become true; whether it did."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False
