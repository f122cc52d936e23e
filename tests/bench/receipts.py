"""What the ledger costs and how late it is: until a deferred receipt can be had, and a record's CPU time."""

import statistics
import time
from pathlib import Path

from tests.bench.asking import Asker
from tests.bench.place import Place
from tests.bench.report import Row

RECORDS, ROUNDS = 2_000, 10
ASKED = 60
EVERY_S = 0.02  # how often a receipt that is not there yet is asked for again
SPREAD_S = 0.137  # between questions, so that they fall anywhere within a segment's second
GIVEN_UP_S = 20.0


def measure(place: Place, folder: Path) -> list[Row]:
    """A record's cost, and milliseconds from an answer to its receipt at the node that decided."""
    waited = []
    with Asker(place) as asker:
        for number in range(ASKED):
            decision = asker.check(performer=place.seed.reference(number))["decision_id"]
            waited.append(_until_there(asker, decision))
            time.sleep(SPREAD_S)
    waited.sort()
    return [
        _record_cost(folder),
        Row(
            what="deferred receipt ready, p50",
            value=statistics.median(waited),
            unit="ms",
            samples=ASKED,
            beside="a segment is sealed about every second",
        ),
        Row(
            what="deferred receipt ready, p99",
            value=waited[int(len(waited) * 0.99)],
            unit="ms",
            at_most=1000,
            samples=ASKED,
            beside="ledger lag at the deciding node",
        ),
    ]


def _until_there(asker: Asker, decision: str) -> float:
    began = time.perf_counter()
    while True:
        status, told = asker.send("GET", f"/v1/receipts/{decision}")
        took_s = time.perf_counter() - began
        if status == 200:
            return took_s * 1000
        if took_s > GIVEN_UP_S:
            raise RuntimeError(f"expected a receipt within {GIVEN_UP_S:.0f} s, got {status}: {told}")
        time.sleep(EVERY_S)


def _record_cost(folder: Path) -> Row:
    """CPU time of one decision's record, written to its file; by one thread, so that no write is shared."""
    from tests.check.ledger.house import AS_OF, house, single  # needs Django

    ledger, drafts = house(folder / "ledger-alone").ledger, [single() for _ in range(RECORDS)]
    took_us = []
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        for draft in drafts:
            ledger.keep_one(draft, livemode=False, at=AS_OF)
        took_us.append((time.thread_time_ns() - began) / RECORDS / 1000)
    return Row(
        what="ledger, a record",
        value=statistics.median(took_us),
        unit="µs CPU",
        samples=RECORDS * ROUNDS,
        spread=(min(took_us), max(took_us)),
        beside="system time of the write included",
    )
