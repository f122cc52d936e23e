"""The driver's world over the place's real settings. Imported once Django is set up."""

import os

from consent.registry.operations.api_keys import create_api_key
from consent.server.settings import read_settings
from consent.server.wiring import make_wiring
from tests.registry.world import Clock, World


def make_world() -> World:
    """The test side of the registry, on the database's own clock."""
    return World(ports=make_wiring(read_settings(os.environ)).registry, clock=Clock(), livemode=False)


def organization_with_key(world: World) -> tuple[str, str]:
    """An organization that may ask, and its key."""
    organization = world.organization()
    key = create_api_key(
        world.ports, livemode=world.livemode, organization=organization, name="history", scopes=["check"]
    )
    return organization, key.secret
