"""Once the log is published so far, a grant's package carries the proof of its signing; nothing false ever does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signing.trust import Trust, TrustedKey
from tests.log.history import connected_to, database_url, file_ports, new_database
from tests.registry.trusting import trust_of

if TYPE_CHECKING:
    from tests.registry.world import World

ORIGIN = "registry.example/log/live"


@pytest.fixture
def alone(database: str, postgres_server: str, tmp_path: Path) -> "Iterator[World]":
    """A world in a database of its own, whose log can be published whole."""
    from django.core.management import call_command

    from consent.log.start import initialise
    from tests.registry.world import Clock, World, registry_ports

    with new_database(postgres_server) as name, connected_to(database_url(postgres_server, name)):
        call_command("migrate", verbosity=0)
        log = file_ports(tmp_path)
        initialise(log)
        ports = replace(log, boot_clock=lambda: 1000.0, sleep=lambda _seconds: None)
        clock = Clock()
        yield World(ports=registry_ports(ports, clock), clock=clock)


def _publish(world: "World") -> None:
    from consent.log.publishing.publisher import Publisher
    from tests.log.publishing.house import publishing_ports

    publisher = Publisher(publishing_ports(world.ports.log.objects), origin=ORIGIN, livemode=True)
    try:
        publisher.turn()
    finally:
        publisher.close()


def _trust(world: "World") -> Trust:
    from tests.log.publishing.house import log_signer
    from tests.registry.world import ALWAYS

    known = trust_of(world)
    log = TrustedKey(
        key=log_signer().public, role="log", livemode=True, not_before=ALWAYS[0], not_after=ALWAYS[1]
    )
    return replace(known, keys=(*known.keys, log))


def _verified(world: "World", data: bytes) -> Any:
    from signing.package import verify_package

    return verify_package(data, trust=_trust(world), at=world.clock.now)


def test_a_package_gets_its_proof_once_the_log_is_published(alone: "World") -> None:
    from consent.registry.operations.read_package import read_package

    organization, person = alone.organization(), alone.person()

    def read(grant: str) -> bytes:
        return read_package(alone.ports, livemode=True, grant=grant, organization=organization)

    first = str(alone.grant(organization, person).grant)
    before = read(first)
    assert _verified(alone, before).logged is None
    _publish(alone)
    after = _verified(alone, read(first))
    assert after.logged.seq == after.countersignature.seq
    assert after.logged.body["grant"] == first and after.logged.witnesses == []
    second = str(alone.grant(organization, person).grant)
    assert _verified(alone, read(second)).logged is None, "no published checkpoint covers it yet"
    _publish(alone)
    assert _verified(alone, read(second)).logged.signed.checkpoint.size > after.logged.signed.checkpoint.size
    assert _verified(alone, before).logged is None, "an old package verifies as ever"


def test_nothing_unchecked_is_enclosed_and_a_store_that_fails_only_leaves_the_proof_out(
    alone: "World", monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from consent.log.errors import StoreUnavailableError
    from consent.registry.operations.read_package import read_package

    organization, person = alone.organization(), alone.person()
    grant = str(alone.grant(organization, person).grant)
    _publish(alone)
    objects = alone.ports.log.objects
    get = objects.get

    def read() -> Any:
        data = read_package(alone.ports, livemode=True, grant=grant, organization=organization)
        return _verified(alone, data).logged

    def flipped(key: str) -> bytes:
        data = get(key)
        return data if "tile" not in key else bytes([data[0] ^ 1]) + data[1:]

    monkeypatch.setattr(type(objects), "get", lambda _self, key: flipped(key))
    assert read() is None and "cannot be proven: SignatureError" in caplog.text

    def failing(_self: object, key: str) -> bytes:
        raise StoreUnavailableError("the store is away")

    monkeypatch.setattr(type(objects), "get", failing)
    assert read() is None
    monkeypatch.undo()
    assert read() is not None
