"""A licensee with nothing but the package and the trust file finds out from the list that a consent has ended."""

from dataclasses import replace
from typing import TYPE_CHECKING

from consent.client.grant_status import grant_status
from signing.package import verify_package
from signing.trust import Trust, TrustedKey
from tests.registry.status_lists.published import place_of, publish
from tests.registry.trusting import trust_of

if TYPE_CHECKING:
    from tests.registry.world import World


def _trust(world: "World") -> Trust:
    from tests.registry.world import ALWAYS

    trust = trust_of(world)
    status = tuple(
        TrustedKey(
            key=each.status.public,
            role="status",
            livemode=side,
            not_before=ALWAYS[0],
            not_after=ALWAYS[1],
        )
        for side, each in world.ports.signers.items()
    )
    return replace(trust, keys=(*trust.keys, *status))


def test_the_place_in_the_package_is_the_place_in_the_list(world: "World") -> None:
    from consent.registry.operations.read_package import read_package
    from consent.registry.status_lists.issuing import object_key

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    package = read_package(world.ports, livemode=True, grant=grant, organization=organization)
    trust, found = _trust(world), []
    recorded = verify_package(package, trust=trust, at=world.clock.now).countersignature
    number = place_of(grant)[0]
    for step in ("standing", "suspension", "resumption", "revocation"):
        if step != "standing":
            world.say(step, grant, person.key)
        assert publish(world, number)
        token = world.ports.log.objects.get(object_key(livemode=True, number=number)).decode()
        assert recorded.status_uri.endswith("/" + object_key(livemode=True, number=number))
        found.append(grant_status(token, countersignature=recorded, trust=trust, at=world.clock.now).says)
    assert found == ["valid", "suspended", "valid", "invalid"]
