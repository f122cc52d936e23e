"""From a revocation to the answer that carries `enforced_at`, and a check sent the moment it came."""

import random
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from consent.registry.answers import answer_enforced
from consent.registry.models import Grant
from consent.registry.operations.submit_statement import write_statement
from consent.server.test_actors.statements import about
from tests.bench.asking import Asker
from tests.bench.place import Place
from tests.bench.report import Row
from tests.bench.transactions import BenchPerformer, new_performer, prepared_envelope

PERFORMERS = 4  # writes about one person come one after another, so several take part
EACH = 30
PAUSE_S = 0.3  # at most, drawn before each ending: people do not end things in step
CHECKS_AFTER = 10  # of each ended consent, the first of them at once
GOAL_MS = 400


def measure(place: Place) -> list[Row]:
    """p50, p99 and the longest, over more than a hundred; and how many checks were answered wrongly afterwards."""
    people = [new_performer(place.ports, place.organization) for _ in range(PERFORMERS)]
    for who in people:
        for _ in range(EACH):
            write_statement(place.ports, envelope=prepared_envelope(place.ports, who, place.organization))
    with ThreadPoolExecutor(PERFORMERS, initializer=connection.ensure_connection) as pool:
        results = list(pool.map(lambda who: _end_all(place, who), people))
    took = sorted(ms for found, _, _ in results for ms in found)
    checks, stale = (sum(result[part] for result in results) for part in (1, 2))
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    return [
        Row(
            what="revocation to enforced_at, p50",
            value=statistics.median(took),
            unit="ms",
            samples=len(took),
            beside="the wait itself is 315 ms",
        ),
        Row(
            what="revocation to enforced_at, p99",
            value=p99,
            unit="ms",
            at_most=GOAL_MS,
            samples=len(took),
            beside=f"longest {took[-1]:.0f} ms; {PERFORMERS} performers at once",
        ),
        Row(
            what="  allows after enforced_at",
            value=stale,
            unit="",
            at_most=0,
            binding=True,
            samples=checks,
            beside=f"of {checks:,} checks, the first sent at once; under faults and by the million: make history",
        ),
    ]


def _end_all(place: Place, who: BenchPerformer) -> tuple[list[float], int, int]:
    """Milliseconds of each ending, checks sent after it, and how many of those allowed."""
    took, checks, stale = [], 0, 0
    draw = random.Random(who.reference)
    grants = Grant.objects.filter(performer_id=who.id, state="active").order_by("id")
    try:
        with Asker(place) as asker:
            for grant in grants:
                if asker.check(grant=grant.id)["decision"] != "allow":  # so that memory knows it as allowing
                    raise RuntimeError("expected an active consent to allow")
                envelope = about(grant, "revocation", key=who.key, effect="end")
                time.sleep(draw.uniform(0, PAUSE_S))
                began = time.perf_counter()
                answer_enforced(write_statement(place.ports, envelope=envelope), place.ports)
                took.append((time.perf_counter() - began) * 1000)
                for _ in range(CHECKS_AFTER):
                    stale += asker.check(grant=grant.id)["decision"] == "allow"
                    checks += 1
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()
    return took, checks, stale
