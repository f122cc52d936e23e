"""Promise 6, held against everything that is kept: after an erasure nothing of the person is found anywhere.

What is looked for is not a list of ours: it is every text and every bytes value that stood in any row about the
person before, and that no other person's rows have.
"""

import base64
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from tests.registry.test_identity_is_sealed import everything

if TYPE_CHECKING:
    from tests.check.node import Node
    from tests.registry.world import Person

# Opaque names of ours, which lead to nothing once the rows are gone (DESIGN §9); the rest must not be found at all.
OPAQUE = {"record", "performer_id", "organization_id", "licensee_id", "event", "event_id", "awaits"}
WORDS = {"aaguid", "authority", "kind", "state"}  # of a closed list, or of every device of a model
IN_SEGMENTS = {
    "reference",
    "grant",
    "grant_id",
}  # ledger records and tombstones of keys name these, linked to nothing
SAID = ("Zephyrine Quillfeather", "1987-06-05", "zephyrine@hidden.example", "zephyrine upstairs phone")
_TOKEN = re.compile(r"[A-Za-z0-9_+/-]{16,}")


def _rows(database: str, performer: UUID, *, of_others: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """Every row that an erasure is to remove or blank, or else all the rest of those tables, as JSON with bytes in
    hex."""
    from consent.registry.erasure.inventory import DELETED, DELETED_LAST

    own = "performer_id::text = %(performer)s::text"
    conditions: dict[str, list[str]] = {}
    for name, whose in {**DELETED, **DELETED_LAST, "log_event": own, "registry_feedentry": own}.items():
        conditions.setdefault(name.strip(), []).append(f"({whose})")
    found = []
    with psycopg.connect(database) as connection:
        for table, each in conditions.items():
            theirs = " OR ".join(each)
            query = f"SELECT to_jsonb(t) FROM {table} t WHERE ({theirs}) IS {'NOT ' if of_others else ''}TRUE"
            for (row,) in connection.execute(query, {"performer": performer}):  # type: ignore[arg-type]
                found.append((table, row))
    return found


def _values(row: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a row with the name of its column."""
    if isinstance(row, dict):
        for key, value in row.items():
            yield from _values(value, name or key)
    elif isinstance(row, list):
        for value in row:
            yield from _values(value, name)
    elif isinstance(row, str) and len(row) >= 8 and not re.match(r"\d{4}-\d\d-\d\dT\d\d:", row):
        yield name, row


def _needles(database: str, person: UUID) -> dict[str, str]:
    """Text or `\\x…` to its column: what stands in rows of this person only."""
    common = {value for _, row in _rows(database, person, of_others=True) for _, value in _values(row)}
    return {
        value: name
        for table, row in _rows(database, person)
        for name, value in _values(row)
        if value not in common
        and name not in OPAQUE | WORDS
        and not (table == "log_event" and name in ("entry", "chain"))
    }


def _written(data: bytes) -> bytes:
    """`data`, followed by what its tokens mean in base64 and hex, so that nothing hides in a JWS or a column."""
    decoded = [data]
    for token in _TOKEN.findall(data.decode("latin-1")):
        if re.fullmatch(r"([0-9a-f]{2})+", token):
            decoded.append(bytes.fromhex(token))
        plain = token.replace("-", "+").replace("_", "/")
        if len(plain) % 4 != 1:
            decoded.append(base64.b64decode(plain + "=" * (-len(plain) % 4)))
    return b"\n".join(decoded)


def _forms(value: str) -> list[bytes]:
    if value.startswith("\\x"):
        raw = bytes.fromhex(value[2:])
        return [raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), raw] if len(raw) >= 8 else []
    return [value.encode(), value.encode().hex().encode()]


def _found(needles: dict[str, str], haystack: bytes) -> set[str]:
    return {
        f"{name}: {value}" for value, name in needles.items() if any(f in haystack for f in _forms(value))
    }


@pytest.fixture
def zephyrine(node: "Node") -> "Person":
    """Somebody of whom every kind of thing is kept: keys, limits, notices, checks with receipts, paper, a hold."""
    from consent.registry.models import Grant
    from consent.registry.operations.close_offer import request_changes
    from consent.registry.operations.import_prior_record import import_prior_record
    from consent.registry.operations.legal_holds import lift_legal_hold, place_legal_hold
    from consent.registry.operations.links import make_link
    from consent.registry.operations.recovery import make_recovery_code
    from consent.registry.operations.references import set_external_id
    from tests.registry.newcomer import Device, enrol
    from tests.registry.terms import terms
    from tests.registry.world import Person

    world, device = node.world, Device()
    made = enrol(
        world,
        device,
        legal_name=SAID[0],
        birth_date=date.fromisoformat(SAID[1]),
        email=SAID[2],
        label=SAID[3],
        stage_names=["Zephyr Onstage"],
    )
    world.verify(made.performer, evidence_sha256="c7" * 32, examiner="Examiner of Zephyrine")
    person = Person(id=made.performer, key=device.key, livemode=True, stage_name="Zephyr Onstage")
    organization = world.organization()
    world.grant(organization, person)
    ended = str(world.grant(organization, person).grant)
    world.say("suspension", ended, person.key)
    world.say("resumption", ended, person.key)
    world.say("revocation", ended, person.key)
    limits = world.limits(person.key, version=1, previous=None, never=[{"purposes": ["political"]}])
    world.submit(person.key.sign(limits))
    waiting = world.offer(organization, person)
    request_changes(
        world.ports, livemode=True, performer=person.id, offer=waiting, note="Zephyrine wants less of it"
    )
    world.prepare(person, world.offer(organization, person, terms()))
    set_external_id(
        world.ports,
        livemode=True,
        organization=organization,
        performer=world.reference(organization, person),
        external_id="zephyrine-of-the-company",
    )
    import_prior_record(
        world.ports,
        livemode=True,
        organization=organization,
        who=SAID[0],
        signed_on=date(2019, 1, 1),
        uses=["train.voice"],
        scan_sha256="d5" * 32,
        vouched_by=SAID[0],
        performer=world.reference(organization, person),
    )
    hold = place_legal_hold(
        world.ports,
        livemode=True,
        performer=person.id,
        ground="A claim of Zephyrine's",
        until=world.clock().replace(year=2030),
        placed_by="operator-of-that-hold",
    )
    lift_legal_hold(world.ports, hold=hold, lifted_by="operator-of-that-hold")
    make_recovery_code(world.ports, performer=person.id)
    make_link(world.ports, kind="stop", performer=person.id)
    assert Grant.objects.filter(performer_id=person.id).count() == 2
    node.organizations.append(organization)
    return person


def _ship(node: "Node") -> int:
    """Seal what was answered, ship it, and count it."""
    from consent.check.ledger.shipping import ship

    node.ledger.seal(True)
    return ship(node.ledger.folder, objects=node.world.ports.log.objects, clock=node.world.clock)


def test_after_an_erasure_nothing_of_the_person_is_found_and_everything_else_stands(
    node: "Node", zephyrine: "Person", database: str, check_log_ports: Any
) -> None:
    from consent.log.models import Event
    from consent.log.verify import verify_history
    from consent.registry.models import CheckCount, FeedEntry
    from consent.registry.operations.complete_erasure import complete_due
    from consent.registry.operations.erase_performer import erase_performer
    from consent.registry.operations.read_package import read_package
    from signing.package import verify_package
    from tests.registry.trusting import trust_of

    world, [organization] = node.world, node.organizations
    others = [world.person() for _ in range(2)]
    theirs = [str(world.grant(organization, other).grant) for other in others]
    receipts = [
        node.ask(organization, person, receipt="inline", nonce=f"asked about {place}")
        for place, person in enumerate([zephyrine, others[0]])
    ]
    assert [each.decision for each in receipts] == ["allow", "allow"]
    assert _ship(node) == 1 and CheckCount.objects.filter(performer_id=zephyrine.id).exists()
    packages = [read_package(world.ports, livemode=True, grant=g, organization=organization) for g in theirs]
    needles = _needles(database, zephyrine.id)
    assert len(needles) > 60 and {"name", "label", "thumbprint", "body_sha256", "digest"} <= set(
        needles.values()
    )
    entries = list(
        Event.objects.filter(performer_id=str(zephyrine.id)).values_list("event_id", "entry", "chain", "seq")
    )
    assert len(entries) > 10

    erase_performer(world.ports, livemode=True, performer=zephyrine.id)
    node.feeder.turn()
    assert node.ask(organization, zephyrine).decision == "deny"
    node.ask(organization, others[0])
    _ship(node)  # a count of somebody who is gone already
    world.clock.forward(days=7)
    complete_due(world.ports)
    world.clock.forward(days=1, seconds=1)
    world.ports.log.erasures.forget(now=world.clock())  # what a restore would have needed

    # One event says to check processes that this internal number means nobody; nothing else names it.
    del needles[str(zephyrine.id)]
    assert Event.objects.get(performer_id=str(zephyrine.id)).kind == "performer.forgotten"
    text = everything(database)
    assert text.count(str(zephyrine.id)) == 1
    dump = _written(text.encode())
    assert _found(needles | dict.fromkeys(SAID, "said"), dump) == set()
    root: Path = check_log_ports.objects._root
    opaque = {value for value, name in needles.items() if name in IN_SEGMENTS}
    opaque |= {value for value in needles if re.match(r"(grt|inv|out|prf|pri)_", value)}
    looked_at = 0
    for path in (*root.rglob("*"), *check_log_ports.sealer._store._root.rglob("*")):
        if path.is_file():
            looked_at += 1
            held = {value: name for value, name in needles.items() if value not in opaque}
            data = _written(path.read_bytes())
            assert _found(held | dict.fromkeys(SAID, "said"), data + path.name.encode()) == set(), path
    assert looked_at > 10

    for event_id, entry, chain, seq in entries:
        row = Event.objects.get(event_id=event_id)
        assert (bytes(row.entry), bytes(row.chain), row.seq) == (bytes(entry), bytes(chain), seq)
        assert row.performer_id is None and (row.kind, bytes(row.sealed)) == ("erased", b"")
    verify_history(True)
    assert FeedEntry.objects.filter(performer_id=zephyrine.id).count() == 0
    node.feeder.turn()
    assert node.ask(organization, others[1]).decision == "allow"
    for grant, before in zip(theirs, packages, strict=True):
        now = read_package(world.ports, livemode=True, grant=grant, organization=organization)
        assert now == before
        verify_package(now, trust=trust_of(world), at=world.clock())


def test_planted_words_are_found_where_they_are(node: "Node", zephyrine: "Person", database: str) -> None:
    """The search itself: before the erasure it finds what it looks for, in whatever form."""
    node.world.person()
    needles = _needles(database, zephyrine.id)
    found = {line.partition(": ")[2] for line in _found(needles, _written(everything(database).encode()))}
    missed = {value for value in needles if value not in found and _forms(value)}
    assert missed == set()
    assert _found(
        {"Zephyrine Quillfeather": "x"}, _written(base64.b64encode(b"I am Zephyrine Quillfeather."))
    )
    assert _found({"\\x0102030405060708": "x"}, b"... 0102030405060708 ...")
