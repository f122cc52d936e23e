"""Checks over HTTP through the DRF view, beside an empty handler of the same server on the same core."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consent.registry.operations.submit_statement import write_statement
from consent.registry.ports import RegistryPorts
from consent.server.commands.run import THREADS
from consent.server.demo.stage import Stage
from tests.bench.load import Load, http_request, run_load
from tests.bench.report import Row
from tests.bench.transactions import new_performer, prepared_envelope

HOST = "127.0.0.1"
SECONDS = 8.0
CONNECTIONS = 4
PERFORMERS = 50
BATCH_ROWS = 1000
QUESTION = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}


def measure(stage: Stage, organization: str, secret: str) -> list[Row]:
    """Single checks, batches, and the ruler."""
    references = standing_performers(stage.ports, organization)
    headers = {"Authorization": f"Bearer {secret}"}
    host = stage.url.removeprefix("http://")
    port = int(host.rpartition(":")[2])
    singles = [
        http_request("/v1/check", _body({**QUESTION, "performer": each}), host=host, headers=headers)
        for each in references
    ]
    alone = run_load(HOST, port, singles, connections=1, seconds=SECONDS / 2)
    full = run_load(HOST, port, singles, connections=CONNECTIONS, seconds=SECONDS)
    batch = _batch_request(references, host, headers)
    batches = run_load(HOST, port, [batch], connections=1, seconds=SECONDS)
    with _empty_server() as empty_port:
        ruler_request = http_request("/", b"{}", host=f"{HOST}:{empty_port}")
        ruler = run_load(HOST, empty_port, [ruler_request], connections=CONNECTIONS, seconds=SECONDS / 2)
    return [
        Row(
            what="empty granian handler",
            value=ruler.per_s,
            unit="/s",
            beside="the ruler; the load generator is its limit",
        ),
        *_single_rows("check, 1 connection", alone, ruler),
        *_single_rows(f"check, {CONNECTIONS} connections", full, ruler),
        Row(
            what=f"batch of {BATCH_ROWS} rows, {PERFORMERS} performers",
            value=batches.per_s * BATCH_ROWS,
            unit="rows/s",
            beside=f"x {batches.per_s * BATCH_ROWS / full.per_s:.1f} of single checks",
        ),
        Row(what="  p50 of a batch", value=batches.percentile_ms(50), unit="ms"),
        Row(what="  p99 of a batch", value=batches.percentile_ms(99), unit="ms"),
    ]


def standing_performers(ports: RegistryPorts, organization: str) -> list[str]:
    """References of performers with one active grant each."""
    references = []
    for _ in range(PERFORMERS):
        who = new_performer(ports, organization)
        write_statement(ports, envelope=prepared_envelope(ports, who, organization))
        references.append(who.reference)
    return references


def _single_rows(what: str, load: Load, ruler: Load) -> list[Row]:
    return [
        Row(
            what=what,
            value=load.per_s,
            unit="/s",
            beside=f"{load.per_s / ruler.per_s:.3f} of the empty handler",
        ),
        Row(what="  p50", value=load.percentile_ms(50), unit="ms"),
        Row(what="  p99", value=load.percentile_ms(99), unit="ms"),
    ]


def _batch_request(references: list[str], host: str, headers: dict[str, str]) -> bytes:
    checks = [{"id": str(place), "performer": references[place % PERFORMERS]} for place in range(BATCH_ROWS)]
    body = _body({"defaults": QUESTION, "checks": checks, "receipt": "inline"})
    return http_request("/v1/check/batch", body, host=host, headers=headers)


def _body(value: object) -> bytes:
    return json.dumps(value).encode()


@contextmanager
def _empty_server() -> Iterator[int]:
    """granian with the empty handler, configured as the registry's web process is."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port),
            "--workers", "1", "--blocking-threads", str(THREADS), "--no-access-log",
            "--log-level", "error", "tests.bench.empty_handler:application",
        ],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection((HOST, port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the empty server did not start"
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)
