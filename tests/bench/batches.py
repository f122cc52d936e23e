"""Batches over HTTP: 1,000 rows about 50 performers in a shared context, one signed receipt, one ledger record."""

import http.client
import json
import statistics

from deploy.load.questions import Question, post
from tests.bench.loading import Loader
from tests.bench.place import QUESTION, Place
from tests.bench.report import Row
from tests.bench.servers import HOST, Server

ROWS = 1000
PERFORMERS = 50
CONNECTIONS = 2  # so that one is decided while the other's answer travels
WARMED = 20_000  # the most popular performers


def measure(place: Place, loader: Loader, *, seconds: float, rounds: int) -> list[Row]:
    """Rows a second that one core answers, and a batch's latency alone."""
    names = [place.seed.reference(number) for number in range(PERFORMERS)]
    question = _question(place, names)
    ids = loader.middles("batch", [f"{place:08d}" for place in range(1000)])
    loads = [
        loader.closed(place.server, question, ids, seconds=seconds, connections=CONNECTIONS)
        for _ in range(rounds)
    ]
    alone = loader.closed(place.server, question, ids, seconds=seconds, connections=1)
    if not all(load.outcome.allowed == load.outcome.answered for load in (*loads, alone)):
        raise RuntimeError("expected every row of every batch to allow")
    per_s = [load.per_s * ROWS for load in loads]
    busy = statistics.median(load.utilisation for load in loads)
    cpu_us = statistics.median(load.cpu_s / (load.wall_s * load.per_s * ROWS) * 1e6 for load in loads)
    return [
        Row(
            what=f"batch of {ROWS} rows, {PERFORMERS} performers, signed receipt",
            value=statistics.median(per_s),
            unit="rows/s",
            at_least=200_000,
            samples=rounds,
            spread=(min(per_s), max(per_s)),
            beside=f"server core {busy * 100:.0f} % busy, {cpu_us:.2f} µs of it a row",
        ),
        Row(
            what="  p50 of a batch alone",
            value=alone.outcome.latency.percentile_ms(50),
            unit="ms",
            samples=alone.outcome.answered,
        ),
        Row(
            what="  p99 of a batch alone",
            value=alone.outcome.latency.percentile_ms(99),
            unit="ms",
            samples=alone.outcome.answered,
        ),
    ]


def warm_by_batches(server: Server, place: Place) -> None:
    """Have a server read the facts of the most popular performers."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=120)
    headers = {"Authorization": f"Bearer {place.secret}", "Content-Type": "application/json"}
    count = min(WARMED, place.seed.count)
    for start in range(0, count, ROWS):
        names = [place.seed.reference(number) for number in range(start, min(start + ROWS, count))]
        connection.request("POST", "/v1/check/batch", body=_body(names), headers=headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{server.name}: expected a batch to be answered, got {said[:300]!r}")
    connection.close()


def _question(place: Place, names: list[str]) -> Question:
    """The same batch with another first id each time."""
    mark = "~" * 8
    body = _body([names[number % PERFORMERS] for number in range(ROWS)], first=mark)
    request = post(
        "/v1/check/batch",
        body,
        host=f"localhost:{place.server.port}",
        headers={"Authorization": f"Bearer {place.secret}"},
    )
    head, _, tail = request.partition(mark.encode())
    return Question(head=head, tail=tail, width=len(mark))


def _body(names: list[str], first: str = "0") -> bytes:
    checks = [
        {"id": str(number) if number else first, "performer": name} for number, name in enumerate(names)
    ]
    return json.dumps(
        {"defaults": QUESTION, "checks": checks, "receipt": "inline"}, separators=(",", ":")
    ).encode()
