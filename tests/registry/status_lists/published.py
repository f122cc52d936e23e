"""Reading a published list as a verifier does."""

from typing import TYPE_CHECKING

from signing.status_list import StatusListToken, verify_status_list

if TYPE_CHECKING:
    from tests.registry.world import World

KEY = b"tests only: which places are decoys".ljust(48, b".")


def publish(world: "World", number: int) -> bool:
    """Issue one list of the world's side now."""
    from consent.registry.status_lists.issuing import issue

    return issue(world.ports, world.livemode, number, KEY)


def read(world: "World", number: int) -> StatusListToken:
    """The published list, verified at the world's clock."""
    from consent.registry.status_lists.issuing import object_key
    from consent.registry.status_slots import status_uri

    token = world.ports.log.objects.get(object_key(livemode=world.livemode, number=number))
    return verify_status_list(
        token.decode("ascii"),
        expected_uri=status_uri(world.ports.origin, livemode=world.livemode, status_list=number),
        key=world.ports.signers[world.livemode].status.public,
        at=world.clock.now,
    )


def place_of(grant: str) -> tuple[int, int]:
    """The list and the index of a grant."""
    from consent.registry.models import Grant

    number, index = Grant.objects.values_list("status_list", "status_index").get(id=grant)
    return number, index


def status(world: "World", place: tuple[int, int]) -> int:
    """What a list that is issued now says at a place."""
    assert publish(world, place[0])
    return read(world, place[0]).statuses.status(place[1])
