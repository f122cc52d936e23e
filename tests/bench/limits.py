"""What limits add to a check: the meter of its key, and counting an output from a block, in CPU time of one thread."""

import time
from collections.abc import Callable
from typing import Any

from consent.core.counting import CounterClaim
from tests.bench.report import Row
from tests.check.limits.house import CHECK, caller

TIMES, ROUNDS = 20_000, 7
METER_US = 1.0  # what a check may pay for being counted


def measure() -> list[Row]:
    """The meter with and without limits, and a block; no database is asked on any of these paths."""
    from consent.check.limits.blocks import Blocks
    from consent.check.limits.key_meter import KeyMeter
    from consent.registry.operations.consume_counters import name_of

    meter = KeyMeter(tell=_nobody, wake=lambda: None)
    rows = [
        Row(what=f"meter, a key with {what}", value=_us(_counting(meter, who)), unit="µs", at_most=METER_US)
        for what, who in (
            ("no limits", caller()),
            ("a quota", caller(quota=10**12, key="key_b")),
            ("a quota and a rate", caller(quota=10**12, rate=10**6, key="key_c")),
        )
    ]
    blocks = Blocks(give_back=lambda left: None, wake=lambda: None, monotonic=time.monotonic)
    claim = CounterClaim(grant="grt_a", line="l1", kind="max_outputs", quantity=1, limit=10**12, day=None)
    blocks.put({name_of(claim): 10**9}, [claim], began=time.monotonic() + 3600)
    value = _us(lambda: blocks.take([claim]))
    return [*rows, Row(what="an output counted from a block", value=value, unit="µs")]


def _counting(meter: Any, who: Any) -> Callable[[], object]:
    return lambda: meter.count(who, CHECK, 1)


def _nobody(*told: object) -> Any:
    raise RuntimeError("nothing is told while this is measured")


def _us(one: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        for _ in range(TIMES):
            one()
        best = min(best, (time.thread_time_ns() - began) / TIMES / 1000)
    return best
