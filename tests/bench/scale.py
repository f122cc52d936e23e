"""What a check costs when the registry grows: the same memory and the same share of hits, more consents behind it.

Each size has a process and a database of its own, dropped at the end; they are asked in turns. A bounded
memory, a hot set that stays in it, and one question in thirteen about somebody who is not in memory. CPU time
of the whole process, the feeder's thread included; PostgreSQL's own is told beside it.
"""

import itertools
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.bench.report import Row

SIZES = (10_000, 1_000_000)
FULL_SIZES = (10_000, 10_000_000)
MEMORY_BYTES = 4 << 20
HOT = 1000  # consents that are asked about again and again
# One question in so many is about somebody else. Among ten thousand a quarter of those happen to be in memory still,
# among millions none is: asked about a little more seldom, so that both sizes miss as often.
OTHERS_EVERY, OTHERS_EVERY_OF_MANY = 10, 13
FEW = 10_000
CHECKS = 3000
ROUNDS = 8  # the best counts: whatever else the machine did can only have added
STRIDE = 7919  # a prime: consecutive misses lie far apart in every index
GOAL = 1.2


def measure(admin_url: str, sizes: Sequence[int] = SIZES) -> list[Row]:
    """One row a size, and the ratio of the largest to the smallest; `admin_url` may make databases."""
    with ExitStack() as running:
        asked = [running.enter_context(_Size(admin_url, count)) for count in sizes]
        rounds = [[each.round() for each in asked] for _ in range(ROUNDS)]
    found = [
        {name: min(each[place][name] for each in rounds) for name in rounds[0][place]}
        for place in range(len(sizes))
    ]
    small, large = found[0], found[-1]
    rows = [
        Row(
            what=f"check, 1 in {OTHERS_EVERY_OF_MANY} not in memory, {count:,} consents",
            value=each["cpu_us"],
            unit="µs CPU",
            beside=f"PostgreSQL {each['database_us']:.0f} µs; {each['missed']:.1%} missed",
            samples=CHECKS * ROUNDS,
        )
        for count, each in zip(sizes, found, strict=True)
    ]
    ratio = Row(
        what=f"the same at {sizes[-1]:,} beside {sizes[0]:,}",
        value=large["cpu_us"] / small["cpu_us"],
        unit="times",
        beside=f"with PostgreSQL {_with_database(large) / _with_database(small):.2f} times",
        at_most=GOAL,
        binding=True,
        samples=CHECKS * ROUNDS,
    )
    return [*rows, ratio]


def _with_database(each: dict[str, float]) -> float:
    return each["cpu_us"] + each["database_us"]


class _Size:
    """A process with a registry of one size, which is asked a round when it is told to: in turns with the others."""

    def __init__(self, admin_url: str, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.scale", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "BENCH_ADMIN_URL": admin_url},
        )
        self._answer()  # it is ready

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def round(self) -> dict[str, float]:
        """CPU µs a check, PostgreSQL's beside it, and the share of questions that missed."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process of the scale bench ended with {self._process.wait(60)}")
        found: dict[str, float] = json.loads(line)
        return found


def main() -> int:
    """Seed; then ask a round for each line that comes in, and print one line of JSON."""
    with _database(os.environ.pop("BENCH_ADMIN_URL")) as url:
        for answer in _answers(url, int(sys.argv[1])):
            print(json.dumps(answer), flush=True)
    return 0


@contextmanager
def _database(admin_url: str) -> Iterator[str]:
    name = f"bench_scale_{secrets.token_hex(4)}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
        os.environ.update(
            CONSENT_DATABASE_URL=url,
            CONSENT_SECRET_KEY=secrets.token_hex(32),
            DJANGO_SETTINGS_MODULE="consent.server.settings",
        )
        try:
            yield url
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _answers(url: str, count: int) -> Iterator[dict[str, float]]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from consent.registry.models import Performer
    from consent.server.test_actors import terms
    from tests.bench.seeding import seed

    with tempfile.TemporaryDirectory() as folder:
        node = _node(Path(folder))
        world = node.world
        organization, person = world.organization(), world.person()
        seeded = seed(
            url,
            key=world.ports.signers[True].registry.private,
            organization=organization,
            livemode=True,
            record=Performer.objects.get(id=person.id).record,
            count=count,
            at=world.clock.now - timedelta(days=1),
            body=terms.voice(world.clock.now - timedelta(days=1)),
            processes=os.cpu_count() or 1,
            alone=True,
        )
        cold = itertools.count()
        others_every = OTHERS_EVERY if count <= FEW else OTHERS_EVERY_OF_MANY

        def ask(number: int) -> None:
            missing = number % others_every == 0
            who = HOT + next(cold) * STRIDE % (count - HOT) if missing else number % HOT
            answer = node.ask(organization, performer=seeded.reference(who))
            assert answer.decision == "allow", answer.reasons

        for number in range(2 * HOT):
            ask(number)
        yield {}
        for _ in sys.stdin:
            yield _round(ask, node.feeder, url)
        node.feeder.stop()


def _node(folder: Path) -> Any:
    """A check process as tests have it, but with the real feeder on its own thread and the real clocks."""
    from consent.check.answering import Answering
    from consent.check.feeder import Feeder
    from consent.check.primary import PrimaryChecks
    from consent.check.process_keys import ProcessKeys
    from consent.check.replica import Replica
    from consent.check.replica_checks import ReplicaChecks
    from consent.log.start import initialise
    from tests.check.ledger.house import file_ledger
    from tests.check.node import BootClock, CountingPrimary, Node
    from tests.log.history import file_ports
    from tests.registry.world import Clock, World, registry_ports

    log = file_ports(folder)
    initialise(log)
    clock = Clock(now=datetime.now(UTC))
    ports = registry_ports(log, clock)
    keys = ProcessKeys(ports.signers)
    ledger = file_ledger(ports, keys)
    answering = Answering(ports, ledger=ledger, keys=keys)
    primary = CountingPrimary(PrimaryChecks(ports, answering=answering))
    feeder = Feeder(Replica(max_bytes=MEMORY_BYTES), ports)
    return Node(
        world=World(ports=ports, clock=clock),
        boot=BootClock(),
        feeder=feeder,
        primary=primary,
        checks=ReplicaChecks(ports, feeder=feeder, answering=answering, primary=primary),
        ledger=ledger,
    )


def _round(ask: Any, feeder: Any, url: str) -> dict[str, float]:
    missed = 0
    read = feeder.fetch

    def fetch(names: Any, **how: Any) -> bool:
        nonlocal missed
        missed += len(names)
        return bool(read(names, **how))

    feeder.fetch = fetch
    before, spent = _database_s(url), time.process_time()
    for number in range(CHECKS):
        ask(number)
    spent, after = time.process_time() - spent, _database_s(url)
    database = sum(s - before.get(pid, 0.0) for pid, s in after.items())
    del feeder.fetch
    return {
        "cpu_us": spent / CHECKS * 1e6,
        "database_us": database / CHECKS * 1e6,
        "missed": missed / CHECKS,
    }


def _database_s(url: str) -> dict[int, float]:
    """CPU seconds of each server process that is connected to this database, of this machine."""
    with psycopg.connect(url, autocommit=True) as connection:
        pids = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    found = {}
    for (pid,) in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


if __name__ == "__main__":
    raise SystemExit(main())
