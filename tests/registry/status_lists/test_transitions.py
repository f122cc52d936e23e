"""Each change of a grant in the list that is issued after it; and the list never says more than a check would."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from signing.status_list import INVALID, SUSPENDED, VALID
from tests.registry.status_lists.published import place_of, status

if TYPE_CHECKING:
    from tests.registry.world import Person, World


def _granted(world: "World", **members: Any) -> "tuple[str, Person, str]":
    from tests.registry.terms import terms

    organization, person = world.organization(), world.person()
    return organization, person, str(world.grant(organization, person, terms(**members)).grant)


@pytest.mark.parametrize("livemode", [True, False])
def test_a_standing_grant_is_valid_on_its_own_side(world: "World", livemode: bool) -> None:
    if not livemode:
        world = world.other_side()
    organization, person, grant = _granted(world)
    assert status(world, place_of(grant)) == VALID
    assert world.ask(organization, world.reference(organization, person)).allowed


def test_paused_is_suspended_and_resumed_is_valid_again(world: "World") -> None:
    _, person, grant = _granted(world)
    world.say("suspension", grant, person.key)
    assert status(world, place_of(grant)) == SUSPENDED
    world.say("resumption", grant, person.key)
    assert status(world, place_of(grant)) == VALID


def test_an_ending_without_a_key_is_suspended_before_it_is_final(world: "World") -> None:
    from consent.registry.operations.cancel_revocation import begin_revocation, finish_revocations_due

    _, person, grant = _granted(world)
    begin_revocation(world.ports, livemode=True, performer=person.id, grant=grant, authority="link")
    assert status(world, place_of(grant)) == SUSPENDED
    world.clock.forward(days=1)
    finish_revocations_due(world.ports, livemode=True)
    assert status(world, place_of(grant)) == INVALID


def _revoke(world: "World", person: "Person", organization: str, grant: str) -> None:
    world.say("revocation", grant, person.key)


def _void(world: "World", person: "Person", organization: str, grant: str) -> None:
    from consent.registry.operations.void_grant import void_grant

    void_grant(world.ports, livemode=True, grant=grant, actor="operator-1", reason="Never was.")


def _supersede(world: "World", person: "Person", organization: str, grant: str) -> None:
    from tests.registry.terms import TRAIN, terms

    successor = world.grant(organization, person, terms(TRAIN, supersedes=grant))
    assert status(world, place_of(str(successor.grant))) == VALID


def _sweep_expired(world: "World", person: "Person", organization: str, grant: str) -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.sweep_grants import expire_due

    world.clock.now = Grant.objects.values_list("valid_until", flat=True).get(id=grant)
    expire_due(world.ports, livemode=True, limit=100_000)
    assert Grant.objects.get(id=grant).state == "expired"


def _run_out(world: "World", person: "Person", organization: str, grant: str) -> None:
    from consent.registry.models import Grant

    world.clock.now = Grant.objects.values_list("valid_until", flat=True).get(id=grant)


@pytest.mark.parametrize("end", [_revoke, _void, _supersede, _sweep_expired, _run_out])
def test_what_has_ended_is_invalid(world: "World", end: "Callable[[World, Person, str, str], None]") -> None:
    organization, person, grant = _granted(world)
    place = place_of(grant)
    assert status(world, place) == VALID
    end(world, person, organization, grant)
    assert _from_now_on(world, place) == {INVALID}


def _from_now_on(world: "World", place: tuple[int, int]) -> set[int]:
    """What a place says, also after every decoy was drawn anew, some times."""
    found = set()
    for _ in range(4):
        found.add(status(world, place))
        world.clock.forward(days=200)
    return found


def test_before_its_first_day_and_from_its_last_it_is_invalid(world: "World") -> None:
    from datetime import timedelta

    from consent.registry.models import Grant

    grant = _granted(world)[2]
    begins, ends = Grant.objects.values_list("valid_from", "valid_until").get(id=grant)
    found = []
    for at in (begins - timedelta(seconds=1), begins, ends - timedelta(seconds=1), ends):
        world.clock.now = at
        found.append(status(world, place_of(grant)))
    assert found == [INVALID, VALID, VALID, INVALID]


def test_signed_and_not_yet_active_is_invalid(world: "World") -> None:
    from tests.registry.terms import ADULT, terms

    person = world.person(passkey=True)
    grant = str(world.grant(world.organization(), person, terms(ADULT)).grant)
    assert status(world, place_of(grant)) == INVALID
    world.say("rescission", grant, person.key)
    assert status(world, place_of(grant)) == INVALID


def test_an_erased_grant_leaves_a_place_that_is_never_valid_nor_given_again(world: "World") -> None:
    from django.db import transaction

    from consent.registry.models import Grant
    from consent.registry.operations.complete_erasure import complete_due
    from consent.registry.operations.erase_performer import erase_performer
    from consent.registry.status_slots import take_slot

    _, person, grant = _granted(world)
    place = place_of(grant)
    assert status(world, place) == VALID
    erase_performer(world.ports, livemode=True, performer=person.id)
    assert not Grant.objects.filter(id=grant).exists()
    assert status(world, place) == INVALID
    world.clock.forward(days=8)
    complete_due(world.ports)
    assert _from_now_on(world, place) == {INVALID}
    indexes = iter([place[1], (place[1] + 1) % (1 << 20)] * 30)
    with transaction.atomic():
        taken = take_slot(True, lambda length: next(indexes).to_bytes(length, "big"))
        assert (taken.status_list, taken.status_index) != place
        transaction.set_rollback(True)


@pytest.mark.parametrize("witness", ["hold", "ending"])
def test_a_state_that_somebody_put_back_is_outranked_by_what_stands_beside_it(
    world: "World", intruder: Any, witness: str
) -> None:
    _, person, grant = _granted(world)
    world.say("suspension" if witness == "hold" else "revocation", grant, person.key)
    with intruder() as connection:
        connection.execute(
            "UPDATE registry_grant SET state = 'active', ended_at = NULL WHERE id = %s", [grant]
        )
    assert status(world, place_of(grant)) == (SUSPENDED if witness == "hold" else INVALID)
