"""Whatever happens while a reader reads, what it then knows is what the registry knows (engines.md I5)."""

import random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.changes.house import FeedHouse, Reader

STEPS = 60


@pytest.fixture
def short_pages(feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two or three, so that little is much."""
    from consent.check.changes import primary

    monkeypatch.setattr(primary, "PAGE_SUBJECTS", 2)
    monkeypatch.setattr(primary, "PAGE_EVENTS", 3)
    monkeypatch.setattr(primary, "MAX_BEHIND", 25)


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("seed", range(4))
def test_snapshot_and_events_fold_to_the_facts_at_the_head(feed_house: "FeedHouse", seed: int) -> None:
    from tests.check.changes.random_world import RandomWorld

    chosen = random.Random(seed)
    happening = RandomWorld(world=feed_house.world, chosen=chosen)
    nodes = [feed_house, feed_house.another_node()]
    readers: list[Reader] = []
    compared = 0
    for step in range(STEPS):
        happening.step()
        if step % 6 == 0:
            readers.append(chosen.choice(nodes).reader(chosen.choice(happening.organizations)))
        for reader in chosen.sample(readers, k=min(3, len(readers))):
            reader.house = chosen.choice(nodes)  # a load balancer sends each poll anywhere
            if chosen.random() < 0.5:
                reader.house.feeder.turn()
            if reader.poll().fresh:
                compared += _equal_at_its_position(reader)
    for reader in readers:
        reader.house.feeder.turn()
        reader.follow()
        assert _equal_at_its_position(reader)
    assert compared
    asked = {reader.organization: reader for reader in readers}
    for organization, reader in asked.items():
        _decide_alike(reader, happening.questions(organization))


def _equal_at_its_position(reader: "Reader") -> int:
    """Where a page reached the head, the picture is every subject as the primary has it. 1 if it did."""
    from consent.registry.facts import snapshot

    world = reader.house.world
    with snapshot(world.livemode, world.ports) as snap:
        head = snap.position
    if reader.pages[-1].position != head:
        return 0
    assert reader.knows() == reader.house.expected(reader.organization)
    return 1


def _decide_alike(reader: "Reader", questions: list[Any]) -> None:
    """Every question has the registry's own answer; counters are not told, and so left out."""
    from dataclasses import replace

    from msgspec import structs

    from consent.core.policy import decide
    from consent.registry.facts import snapshot

    world = reader.house.world
    with snapshot(world.livemode, world.ports) as snap:
        facts = snap.facts(questions, capabilities=frozenset({"label.audible", "mark.c2pa"}))
        for asked, known in zip(questions, facts, strict=True):
            subjects = tuple(
                replace(each, grants=tuple(replace(grant, usage={}) for grant in each.grants))
                for each in known.subjects
            )
            decision = decide(asked, structs.replace(known, subjects=subjects), snap.at)
            assert reader.decide(asked, snap.at) == decision, asked
