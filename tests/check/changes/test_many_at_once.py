"""Many write, the feeder turns and many poll, all at once: no reader ever misses a number or a fact."""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.registry.terms import TRAIN, terms
from tests.registry.threads import race, split

if TYPE_CHECKING:
    from tests.check.changes.house import FeedHouse

GRANTS = 4


def test_nothing_is_missing_between_two_polls_whoever_writes_meanwhile(feed_house: "FeedHouse") -> None:
    from consent.check.feeder import Feeder
    from consent.core.wire.problem import ApiError

    world, feeder = feed_house.world, feed_house.feeder
    # One thread turns, as in a real process; whoever waits for a turn waits for that one.
    feeder.fetch = lambda names, **given: Feeder.fetch(feeder, names, **given)  # type: ignore[method-assign]
    licensee, host = world.organization(), world.organization()
    people = [world.person() for _ in range(3)]
    readers = [feed_house.reader(each) for each in (licensee, licensee, host)]
    written, left = threading.Event(), [len(people)]

    def write(person: Any) -> None:
        try:
            for number in range(GRANTS):
                recipients = [{"id": host, "role": "host"}] if number % 2 else []
                members = {"recipients": recipients} if recipients else {}
                grant = str(world.grant(licensee, person, terms(TRAIN, **members)).grant)
                world.say("suspension", grant, person.key)
                if number % 3:
                    world.say("revocation", grant, person.key)
        finally:
            left[0] -= 1
            if not left[0]:
                written.set()

    def turn() -> int:
        turns = 0
        while not written.wait(0.005):
            feeder.turn()
            turns += 1
        return turns

    def poll(reader: Any) -> int:
        while not written.wait(0.01):
            with suppress(ApiError):  # too many at the primary: come back
                reader.poll()  # each page is checked for gaps as it is folded
        return len(reader.pages)

    calls = [lambda p=person: write(p) for person in people]
    calls += [turn, *(lambda r=reader: poll(r) for reader in readers)]
    _, lost = split(race(*calls))
    assert not lost, lost
    feeder.turn()
    del feeder.fetch
    for reader in readers:
        reader.follow()
        assert reader.knows() == feed_house.expected(reader.organization)
    assert (
        readers[0].n
        == readers[1].n
        == len(people) * (1 + GRANTS * 3 + sum(1 for n in range(GRANTS) if n % 3))
    )
