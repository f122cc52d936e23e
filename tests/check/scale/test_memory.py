"""Memory stays within its bound, in what the interpreter really holds: not in what it took from the system, since
that depends on what other tests gave back before."""

import gc
import tracemalloc
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.check.node import Node

CONSENTS = 6000
BOUND = 4 << 20
GENEROUS = 1.5  # of the bound: the caches of opened seals hold some besides


def test_a_full_memory_takes_what_it_was_given_and_not_much_more(node: "Node", database: str) -> None:
    from consent.check.cells import SubjectName
    from consent.check.feeder import Feeder
    from consent.check.replica import Replica
    from consent.registry.models import Performer
    from tests.bench.seeding import seed
    from tests.registry.terms import terms

    organization, person = node.world.organization(), node.world.person()
    seeded = seed(
        database,
        key=node.world.ports.signers[True].registry.private,  # type: ignore[attr-defined]  # kept in memory by tests
        organization=organization,
        livemode=True,
        record=Performer.objects.get(id=person.id).record,
        count=CONSENTS,
        at=node.world.clock.now - timedelta(hours=1),
        body=terms(),
        name=organization,
        windows=300,
    )

    def ask(feeder: Feeder, start: int) -> None:
        names = [
            SubjectName(True, organization, organization, "performer", seeded.reference(number))
            for number in range(start, start + 100)
        ]
        feeder._wanted[True].add(names)
        feeder.turn()
        assert feeder.replica.read(names, livemode=True).cells

    tracemalloc.start()
    small = Feeder(Replica(max_bytes=BOUND // 20), node.world.ports)
    small.turn()
    for start in range(0, 2500, 100):  # warm: connections, plans, the caches of opened seals
        ask(small, start)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    feeder = Feeder(Replica(max_bytes=BOUND), node.world.ports)
    feeder.turn()
    for start in range(0, CONSENTS, 100):
        ask(feeder, start)
    assert feeder.replica.evicted > 0
    assert BOUND * 0.8 < feeder.replica.bytes <= BOUND
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert BOUND / 4 < grown < BOUND * GENEROUS, f"{grown:,} bytes"
    assert len(feeder.replica) > BOUND * 0.8 / 1024  # at most about 1 kB a consent
