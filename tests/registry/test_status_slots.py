"""Status-list places: random, inside the list, never twice, and a full list is followed by another."""

from typing import TYPE_CHECKING

from django.db import transaction

if TYPE_CHECKING:
    from tests.registry.world import World


def test_grants_take_places_of_their_own(world: "World") -> None:
    from consent.registry.models import Grant

    organization, person = world.organization(), world.person()
    ids = [str(world.grant(organization, person).grant) for _ in range(5)]
    places = set(Grant.objects.filter(id__in=ids).values_list("status_list", "status_index"))
    assert len(places) == 5 and all(0 <= index < 1 << 20 for _, index in places)


def test_a_taken_place_is_not_given_again_and_a_crowded_list_is_left(world: "World") -> None:
    from django.db.models import Max

    from consent.registry.models import StatusSlot
    from consent.registry.status_slots import Slot, take_slot

    newest = StatusSlot.objects.filter(livemode=False).aggregate(m=Max("status_list"))["m"] or 0
    numbers = iter([7] * 200)

    def stuck(length: int) -> bytes:
        return next(numbers).to_bytes(length, "big")

    with transaction.atomic():
        first, second, third = (take_slot(False, stuck) for _ in range(3))
        assert {first.status_index, second.status_index, third.status_index} == {7}
        assert len({first, second, third}) == 3
        assert Slot(newest + 2, 7) in {second, third}
        transaction.set_rollback(True)


def test_the_address_of_a_list_names_its_side() -> None:
    from consent.registry.status_slots import status_uri

    assert status_uri("https://r.example", livemode=False, status_list=3) == "https://r.example/status/test/3"
