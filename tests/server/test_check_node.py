"""A check node as a process: it answers, drains and seals when told to end, and takes no port that is taken."""

import json
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from signing import jws
from signing.canonical import parse
from signing.ledger_root import MAX_ROOT_BYTES, parse_ledger_receipt, read_root
from tests.integration.running import free_port, read_exports
from tests.server.laptop import Laptop

QUESTION = {
    "performer": "prf_test_allow",
    "use": "train.voice",
    "territory": "DE",
    "language": "de",
    "purpose": "audiobook",
}
WAIT_S = 60.0
ROLE = Path(__file__).parents[2] / "deploy" / "postgres" / "check-role.sql"


class CheckNode:
    """`consent-server run check` beside a running registry, over the same data folder."""

    def __init__(self, laptop: Laptop, port: int, **settings: str) -> None:
        self.url, self._key = f"http://localhost:{port}", laptop.client_environment()["CONSENT_API_KEY"]
        self.process = subprocess.Popen(
            [laptop.python, "-m", "consent.server", "run", "check", "--port", str(port)],
            cwd=laptop.folder,
            env={**read_exports(laptop.state / "run" / "server.env"), **_own(laptop), **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def call(self, path: str, body: Any = None) -> Any:
        """One request with the key of the test organization."""
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.loads(answer.read())

    def wait_ready(self) -> None:
        """Until it answers."""
        until = time.monotonic() + WAIT_S
        while True:
            assert self.process.poll() is None, self.said()
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=WAIT_S) as answer:
                    assert answer.status == 200
            except (urllib.error.URLError, ConnectionError) as exc:
                assert time.monotonic() < until, exc
                time.sleep(0.1)
            else:
                return

    def said(self) -> str:
        """All that it printed, once it has ended."""
        return self.process.communicate(timeout=WAIT_S)[0].decode("utf-8", "replace")


def _own(laptop: Laptop) -> dict[str, str]:
    return {k: v for k, v in laptop.server_environment().items() if k != "CONSENT_PORT"}


@contextmanager
def _node(laptop: Laptop, port: int, **settings: str) -> Iterator[CheckNode]:
    node = CheckNode(laptop, port, **settings)
    try:
        yield node
    finally:
        if node.process.poll() is None:
            node.process.kill()
            node.process.wait(WAIT_S)
        if node.process.stdout is not None:
            node.process.stdout.close()


def _receipt(laptop: Laptop, decision: str) -> str:
    """Of the registry beside it, which reads the folder and the object store."""
    key = laptop.client_environment()["CONSENT_API_KEY"]
    request = urllib.request.Request(
        f"{laptop.url}/v1/receipts/{decision}", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        receipt = json.loads(answer.read())["receipt"]
    assert isinstance(receipt, str)
    return receipt


def test_it_answers_and_told_to_end_it_drains_seals_and_leaves_with_0(laptop: Laptop) -> None:
    answered: list[str] = []
    with _node(laptop, free_port()) as node:
        node.wait_ready()
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                try:
                    answered.append(node.call("/v1/check", QUESTION)["decision_id"])
                except (urllib.error.URLError, ConnectionError):
                    return  # it listens no more

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + WAIT_S
        while len(answered) < 20 and time.monotonic() < until:
            time.sleep(0.01)
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(WAIT_S) == 0, node.said()
        stop.set()
        for thread in threads:
            thread.join(WAIT_S)
    assert len(answered) >= 20
    for decision in {answered[0], *answered[-3:]}:
        root_token = parse_ledger_receipt(_receipt(laptop, decision)).root
        payload = parse(jws.parse_compact(root_token, max_bytes=MAX_ROOT_BYTES).payload_bytes)
        assert isinstance(payload, dict)
        root = read_root(payload)
        assert root.sealer == root.node, "the relay had to seal what the process left open"


def test_a_taken_port_is_refused_with_its_holder_and_the_setting(laptop: Laptop) -> None:
    with _node(laptop, laptop.port) as node:
        assert node.process.wait(WAIT_S) == 1
        said = node.said()
    assert f"Port {laptop.port} is taken by " in said and "consent.server" in said and "--port=" in said
    assert laptop.ready()


def test_a_check_node_beside_a_web_server_leaves_its_sums_alone(laptop: Laptop) -> None:
    folder = laptop.state / "run" / "metrics"
    ended = folder / "1-ended.json"
    ended.write_text('{"pid": 1, "at": 0}')
    with _node(laptop, free_port()) as node:
        node.wait_ready()
        assert ended.exists()
    ended.unlink()


def test_the_role_for_check_nodes_is_enough_for_one(laptop: Laptop) -> None:
    owner = laptop.database_url()
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(ROLE.read_bytes())
        connection.execute("ALTER ROLE consent_check PASSWORD 'of-the-test'")
    address = urlsplit(owner)
    mine = address._replace(netloc=f"consent_check:of-the-test@{address.hostname}:{address.port}")
    with _node(laptop, free_port(), CONSENT_DATABASE_URL=urlunsplit(mine)) as node:
        node.wait_ready()
        assert node.call("/v1/check", QUESTION)["decision"] == "allow"
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(WAIT_S) == 0, node.said()
