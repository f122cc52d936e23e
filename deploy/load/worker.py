"""`python -m deploy.load.worker SPEC`: one run in a process of its own, so that nothing else holds its thread up.

SPEC is a JSON file as `Spec` writes it; the outcome is printed as JSON, as `read_outcome` takes it.
"""

import gc
import json
import os
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from .arrivals import due_times
from .driving import Driver, Outcome, Target
from .histogram import Histogram
from .questions import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One run. Without `arrivals` the loop is closed and `per_s` means nothing; middles are lines of a file, begun
    at line `skip` and gone through again and again. `cores` are those the process keeps to; empty: any."""

    host: str
    port: int
    connections: int
    head: str
    tail: str
    width: int
    allow: str
    middles: str
    skip: int = 0
    seconds: float
    warm_up_s: float = 0.5
    arrivals: str = ""
    per_s: float = 0.0
    cores: tuple[int, ...] = ()
    tls: bool = False

    def write(self, path: Path) -> None:
        """As a file that the process reads."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def run(spec: Spec) -> Outcome:
    """Load as the spec says. Raises ConnectionError when the server cuts a connection."""
    question = Question(
        head=spec.head.encode("latin-1"),
        tail=spec.tail.encode("latin-1"),
        width=spec.width,
        allow=spec.allow.encode("latin-1"),
    )
    middles = Path(spec.middles).read_text("ascii").split("\n")
    if wrong := next((each for each in middles if len(each) != spec.width), None):
        raise ValueError(f"{spec.middles}: expected {spec.width} characters a line, got {wrong!r}")
    start = spec.skip % len(middles)
    target = Target(host=spec.host, port=spec.port, connections=spec.connections, tls=spec.tls)
    driver = Driver(target, question, middles[start:] + middles[:start])
    gc.freeze()
    gc.disable()  # nothing here makes cycles, and a collection would be charged to the server
    if not spec.arrivals:
        return driver.closed_loop(seconds=spec.seconds, warm_up_s=spec.warm_up_s)
    due = due_times(spec.arrivals, per_s=spec.per_s, seconds=spec.warm_up_s + spec.seconds)
    return driver.open_loop(due, warm_up_s=spec.warm_up_s)


def write_outcome(outcome: Outcome) -> str:
    """The outcome as JSON."""
    return json.dumps(
        {
            **{
                name: getattr(outcome, name)
                for name in ("intended", "answered", "allowed", "unanswered", "seconds")
            },
            "failures": dict(outcome.failures),
            "latency": outcome.latency.to_json(),
            "lateness": outcome.lateness.to_json(),
        }
    )


def read_outcome(text: str) -> Outcome:
    """The outcome that a process printed."""
    data = json.loads(text)
    return Outcome(
        **{
            **data,
            "failures": Counter(data["failures"]),
            "latency": Histogram.from_json(data["latency"]),
            "lateness": Histogram.from_json(data["lateness"]),
        }
    )


def main() -> int:
    """Run the spec of the first argument."""
    spec = Spec(**json.loads(Path(sys.argv[1]).read_text("utf-8")))
    if spec.cores:
        os.sched_setaffinity(0, spec.cores)
    sys.stdout.write(write_outcome(run(spec)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
