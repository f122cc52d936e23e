"""`python -m tests.bench.changing`: changes at a fixed rate beside the checks, until it is told to stop.

Each change is a real operation in a transaction of its own: a performer's name in the organization's words is set,
which every node must follow like any other event. It prints how many it made, and in how many seconds.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

from tests.bench.servers import ROOT

PER_S = 100
THREADS = 4
NICE = 15  # it shares a core with the load generator, which must never be what a rate hangs on


def main() -> int:
    """Organization, the seed's name and count are the arguments."""
    organization, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.nice(NICE)
    from consent.server.django_setup import set_up_django

    set_up_django()
    from consent.registry.operations.references import set_external_id
    from consent.server.wiring import wiring
    from tests.bench.seeding import Seed

    ports = wiring().registry
    seed = Seed(name=name, organization=organization, livemode=False, count=count)
    stop, began, lock = threading.Event(), time.monotonic(), threading.Lock()
    made = 0
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def work() -> None:
        nonlocal made
        while not stop.is_set():
            with lock:
                number, made = made, made + 1
            wait = began + number / PER_S - time.monotonic()
            if wait > 0:
                stop.wait(wait)
            set_external_id(
                ports,
                livemode=False,
                organization=organization,
                performer=seed.reference(number * 7919 % count),
                external_id=f"bench-{os.getpid()}-{number}",
            )

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    print("ready", flush=True)
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    print(json.dumps({"changes": made, "seconds": time.monotonic() - began}))
    return 0


class Changes:
    """Filled when the writer has ended: changes a second, as it kept up."""

    per_s = 0.0


@contextmanager
def changing(organization: str, name: str, count: int) -> Iterator[Changes]:
    """The writer at work while the block lasts. It inherits this process's cores and settings."""
    found = Changes()
    command = [sys.executable, "-m", "tests.bench.changing", organization, name, str(count)]
    with Popen(command, cwd=ROOT, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("the writer of changes did not start")
            yield found
        finally:
            process.terminate()
            said, _ = process.communicate(timeout=30)
    if process.returncode:
        raise RuntimeError(f"the writer of changes ended with {process.returncode}")
    told = json.loads(said)
    found.per_s = told["changes"] / told["seconds"]


if __name__ == "__main__":
    raise SystemExit(main())
