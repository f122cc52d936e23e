"""From a revocation to the deny of a connected SDK: a real server, its real feed, and a copy that follows it."""

import random
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from consent.client.local.registry import LocalRegistry
from consent.client.registry import Registry
from consent.registry.models import Grant
from consent.registry.operations.submit_statement import write_statement
from consent.registry.ports import RegistryPorts
from consent.server.demo.stage import Stage
from consent.server.test_actors.statements import about
from tests.bench.report import Row
from tests.bench.transactions import BenchPerformer, new_performer, prepared_envelope

PERFORMERS = 4
EACH = 30
PAUSE_S = 0.5  # at most, drawn before each ending: people do not end things in step with anybody's poll
LOOK_S = 0.002
GIVE_UP_S = 20.0
GOAL_MS = 1000
QUESTION = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}


def measure(stage: Stage, organization: str, secret: str) -> list[Row]:
    """p50, p99 and the longest over more than a hundred, counted from before the revocation is written."""
    ports = stage.ports
    people = [new_performer(ports, organization) for _ in range(PERFORMERS)]
    for who in people:
        for _ in range(EACH):
            write_statement(ports, envelope=prepared_envelope(ports, who, organization))
    with (
        Registry.local(stage.url, secret, trust=stage.trust) as local,
        ThreadPoolExecutor(PERFORMERS, initializer=connection.ensure_connection) as pool,
    ):
        local.ready()
        took = sorted(
            ms for found in pool.map(lambda who: _end_all(ports, local, who), people) for ms in found
        )
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    return [
        Row(
            what="revocation to connected SDK denies, p50",
            value=statistics.median(took),
            unit="ms",
            samples=len(took),
        ),
        Row(
            what="revocation to connected SDK denies, p99",
            value=p99,
            unit="ms",
            at_most=GOAL_MS,
            samples=len(took),
            beside=f"longest {took[-1]:.0f} ms; polls four times a second",
        ),
    ]


def _end_all(ports: RegistryPorts, local: LocalRegistry, who: BenchPerformer) -> list[float]:
    took = []
    draw = random.Random(who.reference)
    grants = Grant.objects.filter(performer_id=who.id, state="active").order_by("id")
    try:
        for grant in grants:
            name = grant.id
            _until(lambda name=name: local.check(grant=name, **QUESTION).allowed)
            envelope = about(grant, "revocation", key=who.key, effect="end")
            time.sleep(draw.uniform(0, PAUSE_S))
            began = time.perf_counter()
            write_statement(ports, envelope=envelope)
            _until(lambda name=name: not local.check(grant=name, **QUESTION))
            took.append((time.perf_counter() - began) * 1000)
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()
    return took


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError("the local copy did not follow")
        time.sleep(LOOK_S)
