"""Over a random life of some grants the list says VALID exactly when a check allows."""

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from signing.status_list import SUSPENDED, VALID, StatusList
from tests.registry.status_lists.published import KEY, place_of

if TYPE_CHECKING:
    from tests.registry.world import Person, World

STEPS = 12
_SAID = ("suspension", "resumption", "revocation")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_list_and_the_check_agree(world: "World", seed: int) -> None:
    from consent.registry.errors import RegistryError
    from consent.registry.operations.sweep_grants import expire_due

    chance = random.Random(seed)
    grants = [_granted(world) for _ in range(3)]
    seen = set()
    for _ in range(STEPS):
        organization, person, grant = chance.choice(grants)
        step = chance.choices(("time", "sweep", *_SAID), (2, 1, 5, 5, 1))[0]
        if step == "time":
            world.clock.now += timedelta(days=chance.randrange(1, 200))
        elif step == "sweep":
            expire_due(world.ports, livemode=True, limit=100_000)
        else:
            try:
                world.say(step, grant, person.key)
            except RegistryError:
                continue
        numbers = {place_of(grant)[0] for _, _, grant in grants}
        lists = {number: _now(world, number) for number in numbers}
        for organization, person, grant in grants:
            number, index = place_of(grant)
            says = lists[number].status(index)
            allowed = world.ask(organization, world.reference(organization, person)).allowed
            assert (says == VALID) is allowed, (step, says)
            seen.add(says)
    assert VALID in seen and len(seen) > 1 and seen <= {VALID, SUSPENDED, 1}


def _granted(world: "World") -> "tuple[str, Person, str]":
    organization, person = world.organization(), world.person()
    return organization, person, str(world.grant(organization, person).grant)


def _now(world: "World", number: int) -> StatusList:
    """The list as it would be issued now."""
    from consent.registry.facts import snapshot
    from consent.registry.status_lists.standing import read_statuses

    with snapshot(True, world.ports) as seen:
        return read_statuses(seen, number=number, decoy_key=KEY)
