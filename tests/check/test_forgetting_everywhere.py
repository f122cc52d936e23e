"""Promise 6 and what must survive it, in a registry of its own: a real dump, both stores, the log files, every proof.

Everything that the person had given away before goes on verifying: the receipt of an answer, the package, and the
proof in the public log, of which nothing but noise is left here.
"""

import logging
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signing.trust import Trust, TrustedKey
from tests.check.forgotten import IN_SEGMENTS, SAID, found, needles_of, ship_ledger, written, zephyrine_at
from tests.log.history import connected_to, database_url, file_ports, new_database
from tests.registry.trusting import trust_of

if TYPE_CHECKING:
    from tests.check.node import Node
    from tests.registry.world import World

ORIGIN = "registry.example/log/live"
OPAQUE_ID = ("grt_", "inv_", "out_", "prf_", "pri_", "off_", "hld_", "idempotency-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A registry with everything that it writes to: its database, its stores, its log file."""

    node: "Node"
    log: Any
    database: str
    stores: Path
    log_file: Path


@pytest.fixture
def place(database: str, postgres_server: str, tmp_path: Path) -> Iterator[Place]:
    """A registry of this test's own, whose log file takes down everything at the finest level."""
    from django.core.management import call_command

    from consent.log.start import initialise
    from consent.server.logs import JsonFormatter
    from tests.check.node import make_node

    handler = logging.FileHandler(tmp_path / "registry.log")
    handler.setFormatter(JsonFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with new_database(postgres_server) as name, connected_to(database_url(postgres_server, name)):
            call_command("migrate", verbosity=0)
            log = file_ports(tmp_path / "stores")
            initialise(log)
            yield Place(
                node=make_node(log),
                log=log,
                database=database_url(postgres_server, name),
                stores=tmp_path / "stores",
                log_file=tmp_path / "registry.log",
            )
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()


def _dump(place: Place, to: Path) -> bytes:
    """The database as `pg_dump` writes it, in plain."""
    import psycopg

    from consent.server.backup.programs import find_program

    with psycopg.connect(place.database) as connection:
        major = connection.info.server_version // 10000
    program = find_program("pg_dump", at_least=major)
    subprocess.run([program.path, "--dbname", place.database, "--file", to], check=True, timeout=300)
    return to.read_bytes()


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
    more: dict[Any, Any] = {"receipt": world.ports.signers[True].receipt.public, "log": log_signer().public}
    window = {"livemode": True, "not_before": ALWAYS[0], "not_after": ALWAYS[1]}
    keys = [TrustedKey(key=key, role=role, **window) for role, key in more.items()]
    return replace(known, keys=(*known.keys, *keys))


def _proofs(world: "World", entries: list[tuple[int, bytes]]) -> list[Any]:
    from consent.log.publishing.entry_proof import proof_of

    objects = world.ports.log.objects
    return [
        proof_of(seq, entry=entry, registry=world.ports.origin, livemode=True, objects=objects)
        for seq, entry in entries
    ]


def _whole(place: Place) -> None:
    """What every start and `consent-server fsck` looks at."""
    from consent.log.publishing.inspecting import inspect_log
    from consent.log.start import start
    from consent.log.verify import verify_history
    from consent.registry.operations.recovery import index_contacts
    from consent.server.backup.erasing_again import erase_noted
    from signing.note import NoteSigner
    from tests.log.publishing.house import log_signer

    ports = place.node.world.ports
    start(ports.log)
    erase_noted(ports)
    index_contacts(ports)
    keys = [NoteSigner.for_log(log_signer(), origin=ORIGIN).verifier]
    assert list(inspect_log(ORIGIN, objects=ports.log.objects, keys=keys)) == []
    for side in (True, False):
        verify_history(side)


def test_nothing_is_left_anywhere_and_everything_given_away_goes_on_verifying(
    place: Place, tmp_path: Path
) -> None:
    from consent.log.errors import LogError
    from consent.log.events import open_event
    from consent.log.models import Event
    from consent.registry.operations.complete_erasure import complete_due
    from consent.registry.operations.erase_performer import erase_performer
    from consent.registry.operations.read_package import read_package
    from signing.logged_event import origin_policy
    from signing.package import verify_package
    from signing.receipt import verify_receipt
    from signing.tlog_proof import parse_proof, verify_proof

    node, world = place.node, place.node.world
    person = zephyrine_at(node)
    [organization] = node.organizations
    other = world.person()
    grants = [str(world.grant(organization, each).grant) for each in (person, other)]
    told = node.ask(organization, person, receipt="inline", nonce="before the erasure")
    assert told.decision == "allow" and told.receipt
    assert ship_ledger(node) == 1
    _publish(world)
    packages = [
        read_package(world.ports, livemode=True, grant=each, organization=organization) for each in grants
    ]
    needles = needles_of(place.database, person.id)
    assert len(needles) > 60
    seen = found(needles | dict.fromkeys(SAID, "said"), written(_dump(place, tmp_path / "before.sql")))
    assert len(seen) > 60  # the search finds what is there
    events = Event.objects.filter(performer_id=str(person.id)).order_by("seq")
    entries = [(each.seq, bytes(each.entry)) for each in events]
    given = [proof.format() for proof in _proofs(world, entries)]

    erase_performer(world.ports, livemode=True, performer=person.id)
    node.feeder.turn()
    assert node.ask(organization, person).decision == "deny"
    ship_ledger(node)
    _publish(world)
    _whole(place)  # while it waits to be complete
    world.clock.forward(days=7)
    complete_due(world.ports)
    world.clock.forward(days=1, seconds=1)
    world.ports.log.erasures.forget(now=world.clock())
    _publish(world)
    _whole(place)

    # Nothing is left: in the dump, in both stores, in the log file.
    internal = needles.pop(str(person.id))
    assert internal
    dump = _dump(place, tmp_path / "after.sql")
    assert found(needles | dict.fromkeys(SAID, "said"), written(dump)) == set()
    assert dump.count(str(person.id).encode()) == 1  # `performer.forgotten` says that it means nobody
    held = {
        value: name
        for value, name in needles.items()
        if name not in IN_SEGMENTS and not value.startswith(OPAQUE_ID)
    } | dict.fromkeys(SAID, "said")
    files = [path for path in place.stores.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        assert found(held, written(path.read_bytes()) + path.name.encode()) == set(), path
    logging.getLogger().handlers[-1].flush()
    lines = place.log_file.read_bytes()
    assert lines  # something was written at all
    assert found(held | {str(person.id): "performer"}, written(lines)) == set()

    # What was given away goes on verifying, by itself and in the public log.
    trust, at = _trust(world), world.clock()
    receipt = verify_receipt(told.receipt, trust=trust, at=at, expected_audience=organization)
    assert [each.decision for each in receipt.items] == ["allow"]
    for package in packages:
        assert verify_package(package, trust=trust, at=at).logged is not None
    policy = origin_policy(ORIGIN, trust=trust, livemode=True)
    now = [proof.format() for proof in _proofs(world, entries)]
    for (seq, entry), before, after in zip(entries, given, now, strict=True):
        row = Event.objects.get(livemode=True, seq=seq)
        assert (bytes(row.entry), row.kind, bytes(row.sealed)) == (entry, "erased", b"")
        for proof in (before, after):
            assert verify_proof(parse_proof(proof), expected_entry=entry, policy=policy)
        with pytest.raises(LogError):  # noise: nobody here can say what it commits to
            open_event(row, ports=world.ports.log)
