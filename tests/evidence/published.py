"""A registry of its own whose log is published whole: what a bundle then holds of proofs.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.log.history import connected_to, database_url, file_ports, new_database
from tests.registry.world import Clock, World, registry_ports


class BootClock:
    """Moves only by waiting, so that waits cost nothing."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.now += seconds


@contextmanager
def own_world(postgres_server: str, folder: Path) -> "Iterator[World]":
    """The live side over a database of its own, on that database's clock."""
    from django.core.management import call_command

    from consent.log.start import initialise
    from consent.registry.clock import database_clock

    with new_database(postgres_server) as name, connected_to(database_url(postgres_server, name)):
        call_command("migrate", verbosity=0)
        log = file_ports(folder)
        initialise(log)
        boot = BootClock()
        ports = replace(log, boot_clock=boot, sleep=boot.sleep)
        clock = Clock(now=database_clock())
        yield World(ports=registry_ports(ports, clock), clock=clock)


def publish(world: World) -> None:
    """One turn of the publisher: everything so far stands in a signed checkpoint."""
    from consent.log.publishing.publisher import Publisher
    from tests.log.publishing.house import publishing_ports

    ports = publishing_ports(world.ports.log.objects)
    publisher = Publisher(ports, origin="registry.example/log/live", livemode=True)
    try:
        publisher.turn()
    finally:
        publisher.close()
