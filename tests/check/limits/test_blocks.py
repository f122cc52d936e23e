"""Counted limits with blocks: never beyond the limit, whatever nodes do, and nothing denied for long for their sake."""

import random
import threading
from typing import TYPE_CHECKING, Any

import pytest

from consent.core.counting import CounterClaim

if TYPE_CHECKING:
    from tests.registry.world import World


@pytest.fixture
def world(check_log_ports: Any) -> "World":
    """A registry of its own clock."""
    from tests.registry.world import Clock, World, registry_ports

    clock = Clock()
    return World(ports=registry_ports(check_log_ports, clock), clock=clock)


class Node:
    """One process: counting over blocks of its own, on a clock that the test moves."""

    def __init__(self, world: "World", now: list[float]) -> None:
        from dataclasses import replace

        from consent.check.limits.blocks import Blocks
        from consent.check.limits.counting import Counting
        from consent.registry.operations.consume_counters import give_back

        ports = replace(world.ports, log=replace(world.ports.log, boot_clock=lambda: now[0]))
        self.blocks = Blocks(give_back=give_back, wake=lambda: None, monotonic=lambda: now[0])
        self.counting = Counting(ports, blocks=self.blocks)

    def count(self, claims: list[CounterClaim], caller: Any, nonce: str | None = None) -> bool:
        from consent.registry.errors import CounterExhausted

        try:
            self.counting.count(claims, caller=caller, nonce=nonce)
        except CounterExhausted:
            return False
        return True


def _claim(grant: str, limit: int, quantity: int = 1, **members: Any) -> CounterClaim:
    told: dict[str, Any] = {"line": "l1", "kind": "max_outputs", "day": None, **members}
    return CounterClaim(grant=grant, limit=limit, quantity=quantity, **told)


def _used(grant: str) -> int:
    from consent.registry.models import Counter

    return sum(Counter.objects.filter(grant_id=grant).values_list("used", flat=True))


def _grant(world: "World") -> tuple[str, Any]:
    from dataclasses import replace

    from tests.check.limits.house import caller

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    return grant, replace(caller(), organization=organization)


def test_a_busy_counter_is_served_from_a_block_and_the_primary_is_asked_seldom(world: "World") -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    grant, caller = _grant(world)
    node = Node(world, [100.0])
    with CaptureQueriesContext(connection) as queries:
        for _ in range(1000):
            assert node.count([_claim(grant, 1_000_000)], caller)
    assert len([each for each in queries if "INSERT INTO registry_counter " in each["sql"]]) < 20
    assert 1000 <= _used(grant) <= 1000 + 256
    node.blocks.stop()
    assert _used(grant) == 1000


def test_what_is_seldom_asked_for_reserves_nothing(world: "World") -> None:
    grant, caller = _grant(world)
    now = [100.0]
    node = Node(world, now)
    for _ in range(5):
        assert node.count([_claim(grant, 1_000_000)], caller)
        now[0] += 2
    assert _used(grant) == 5


def test_a_block_is_given_back_after_two_seconds_once(world: "World") -> None:
    grant, caller = _grant(world)
    now = [100.0]
    node = Node(world, now)
    for _ in range(3):
        assert node.count([_claim(grant, 1_000_000)], caller)
    assert node.blocks.tend() and _used(grant) > 3
    now[0] += 2
    assert not node.blocks.tend()
    assert _used(grant) == 3
    node.blocks.tend()
    node.blocks.stop()
    assert _used(grant) == 3


def test_what_could_not_be_given_back_is_lost_and_never_given_back_again(world: "World") -> None:
    from django.db import OperationalError

    grant, caller = _grant(world)
    now = [100.0]
    node = Node(world, now)
    for _ in range(3):
        assert node.count([_claim(grant, 1_000_000)], caller)
    before = _used(grant)

    def broken(left: Any) -> None:
        raise OperationalError("the connection broke after COMMIT was sent")

    working, node.blocks._give_back = node.blocks._give_back, broken
    now[0] += 2
    node.blocks.tend()
    node.blocks._give_back = working
    node.blocks.stop()
    assert _used(grant) == before


def test_a_block_is_small_beside_what_is_left_and_nobody_is_denied_for_long(world: "World") -> None:
    grant, caller = _grant(world)
    now = [100.0]
    busy, other = Node(world, now), Node(world, now)
    limit, served = 200, 0
    while busy.count([_claim(grant, limit)], caller):
        served += 1
        held = _used(grant) - served
        assert held * 32 <= limit
        assert held == 0 or served + held + 31 * held <= limit + held
    assert served == limit  # the busy one gets everything by itself
    assert not other.count([_claim(grant, limit)], caller)
    assert _used(grant) == limit


def test_another_node_waits_three_seconds_at_most_for_what_a_block_holds(world: "World") -> None:
    grant, caller = _grant(world)
    now = [100.0]
    first, second = Node(world, now), Node(world, now)
    for _ in range(3):
        assert first.count([_claim(grant, 1000)], caller)
    left = 1000 - _used(grant)
    assert second.count([_claim(grant, 1000, left)], caller)
    assert not second.count([_claim(grant, 1000)], caller)
    now[0] += 2
    first.blocks.tend()
    assert second.count([_claim(grant, 1000)], caller)


def test_a_nonce_counts_once_on_whichever_node_while_blocks_are_held(world: "World") -> None:
    grant, caller = _grant(world)
    now = [100.0]
    nodes = [Node(world, now) for _ in range(3)]
    for node in nodes:
        for _ in range(3):
            assert node.count([_claim(grant, 1_000_000)], caller)
    before = _used(grant)
    for _ in range(2):
        for node in nodes:
            assert node.count([_claim(grant, 1_000_000)], caller, nonce="n-1")
    assert _used(grant) == before + 1


def test_a_rates_block_of_yesterday_serves_nobody_today(world: "World") -> None:
    from datetime import date

    from consent.registry.models import Counter

    grant, caller = _grant(world)
    node = Node(world, [100.0])
    days = date(2026, 12, 1), date(2026, 12, 2)
    for day in days:
        for _ in range(4):
            assert node.count([_claim(grant, 1000, kind="rate", day=day)], caller)
    node.blocks.stop()
    assert dict(Counter.objects.filter(grant_id=grant).values_list("day", "used")) == dict.fromkeys(days, 4)


def test_claims_are_counted_together_or_not_at_all_from_blocks_too(world: "World") -> None:
    grant, caller = _grant(world)
    node = Node(world, [100.0])
    both = [_claim(grant, 1000), _claim(grant, 40, kind="rate", line="l2")]
    passed = sum(node.count(both, caller) for _ in range(60))
    assert passed == 40
    node.blocks.stop()
    assert _used(grant) == 80


def test_a_forked_child_counts_from_no_block_of_its_parent(world: "World") -> None:
    import os

    grant, caller = _grant(world)
    node = Node(world, [100.0])
    for _ in range(3):
        assert node.count([_claim(grant, 1_000_000)], caller)
    assert node.blocks.holds([_claim(grant, 1_000_000)])
    child = os.fork()
    if child == 0:
        os._exit(int(node.blocks.take([_claim(grant, 1_000_000)])))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize("seed", range(12))
def test_allows_never_exceed_the_limit_with_nodes_kills_and_repeats(world: "World", seed: int) -> None:
    """Many nodes, killed without a word or stopped in order, restarted; nonces repeated on any of them."""
    at_random = random.Random(seed)
    grant, caller = _grant(world)
    now = [100.0]
    limit = at_random.choice([10, 100, 700, 3000])
    nodes = [Node(world, now) for _ in range(at_random.randint(2, 5))]
    allowed, lost, counted = 0, 0, set()
    for step in range(500):
        now[0] += at_random.choice([0.0, 0.01, 0.3])
        place = at_random.randrange(len(nodes))
        quantity = at_random.choice([1, 1, 1, 2, 7])
        nonce = f"{seed}-{at_random.randrange(40)}" if at_random.random() < 0.3 else None
        if nonce is not None:
            quantity = 1
        if nodes[place].count([_claim(grant, limit, quantity)], caller, nonce):
            allowed += 0 if nonce in counted else quantity
            if nonce is not None:
                counted.add(nonce)
        if at_random.random() < 0.2:
            nodes[place].blocks.tend()
        if at_random.random() < 0.03:
            if at_random.random() < 0.5:
                nodes[place].blocks.stop()
            else:
                lost += sum(block.left for block in nodes[place].blocks._blocks.values())
            nodes[place] = Node(world, now)
        assert allowed <= limit, step
    for node in nodes:
        node.blocks.stop()
    # Nothing is uncounted, and only what died with its node is counted without being used.
    assert _used(grant) == allowed + lost <= limit


def test_threads_of_several_nodes_together_get_the_limit_and_not_one_more(world: "World") -> None:
    from django.db import connection

    grant, caller = _grant(world)
    now = [100.0]
    nodes = [Node(world, now) for _ in range(3)]
    passed: list[int] = []
    nonces = iter(range(10**6))

    def hammer(node: Node) -> None:
        passed.append(sum(node.count([_claim(grant, 400)], caller) for _ in range(150)))
        passed.append(sum(node.count([_claim(grant, 400)], caller, f"p-{next(nonces)}") for _ in range(30)))
        connection.close()

    threads = [threading.Thread(target=hammer, args=(node,)) for node in nodes for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for node in nodes:
        node.blocks.stop()
    assert _used(grant) == sum(passed) <= 400
    left = 400 - sum(passed)
    now[0] += 5
    assert sum(nodes[0].count([_claim(grant, 400)], caller) for _ in range(left + 5)) == left
