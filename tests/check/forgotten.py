"""What an erasure is held against: a person of whom every kind of thing is kept, and how to look for each of them."""

import base64
import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

if TYPE_CHECKING:
    from tests.check.node import Node
    from tests.registry.world import Person

# Opaque names of ours, which lead to nothing once the rows are gone (DESIGN §9); the rest must not be found at all.
OPAQUE = {"record", "performer_id", "organization_id", "licensee_id", "event", "event_id", "awaits"}
WORDS = {
    "aaguid",
    "authority",
    "day",
    "kind",
    "method",
    "state",
}  # of a closed list, of a calendar, of a model
IN_SEGMENTS = {
    "reference",
    "grant",
    "grant_id",
}  # ledger records and tombstones of keys name these, linked to nothing
SAID = ("Zephyrine Quillfeather", "1987-06-05", "zephyrine@hidden.example", "zephyrine upstairs phone")
_TOKEN = re.compile(r"[A-Za-z0-9_+/-]{16,}")
_HEX = re.compile(r"x?([0-9a-f]{2}){8,}")


def rows(database: str, performer: UUID, *, of_others: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """Every row that an erasure is to remove or blank, or else all the rest of those tables, as JSON with bytes in
    hex."""
    from consent.registry.erasure.inventory import DELETED, DELETED_LAST

    own = "performer_id::text = %(performer)s::text"
    conditions: dict[str, list[str]] = {}
    for name, whose in {**DELETED, **DELETED_LAST, "log_event": own, "registry_feedentry": own}.items():
        conditions.setdefault(name.strip(), []).append(f"({whose})")
    read = []
    with psycopg.connect(database) as connection:
        for table, each in conditions.items():
            theirs = " OR ".join(each)
            query = f"SELECT to_jsonb(t) FROM {table} t WHERE ({theirs}) IS {'NOT ' if of_others else ''}TRUE"
            for (row,) in connection.execute(query, {"performer": performer}):  # type: ignore[arg-type]
                read.append((table, row))
    return read


def values(row: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a row with the name of its column."""
    if isinstance(row, dict):
        for key, value in row.items():
            yield from values(value, name or key)
    elif isinstance(row, list):
        for value in row:
            yield from values(value, name)
    elif isinstance(row, str) and len(row) >= 8 and not re.match(r"\d{4}-\d\d-\d\dT\d\d:", row):
        yield name, row


def needles_of(database: str, person: UUID) -> dict[str, str]:
    """Text or `\\x…` to its column: what stands in rows of this person only."""
    common = {value for _, row in rows(database, person, of_others=True) for _, value in values(row)}
    return {
        value: name
        for table, row in rows(database, person)
        for name, value in values(row)
        if value not in common
        and name not in OPAQUE | WORDS
        and not (table == "log_event" and name in ("entry", "chain"))
    }


def written(data: bytes) -> bytes:
    """`data`, followed by what its tokens mean in base64 and hex, and what stands in those again: a JWS in a column
    of bytes hides nothing."""
    layers = [data]
    for _ in range(2):
        layers.append(_decoded(layers[-1]))
    return b"\n".join(layers)


def _decoded(data: bytes) -> bytes:
    decoded = []
    for token in _TOKEN.findall(data.decode("latin-1")):
        if _HEX.fullmatch(token):
            decoded.append(bytes.fromhex(token.removeprefix("x")))  # bytes in a dump: \\x0102
            continue
        plain = token.replace("-", "+").replace("_", "/")
        if len(plain) % 4 != 1:
            decoded.append(base64.b64decode(plain + "=" * (-len(plain) % 4)))
    return b"\n".join(decoded)


def forms(value: str) -> list[bytes]:
    if value.startswith("\\x"):
        raw = bytes.fromhex(value[2:])
        return [raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), raw] if len(raw) >= 8 else []
    return [value.encode(), value.encode().hex().encode()]


def found(needles: dict[str, str], haystack: bytes) -> set[str]:
    return {f"{name}: {value}" for value, name in needles.items() if any(f in haystack for f in forms(value))}


def zephyrine_at(node: "Node") -> "Person":
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


def ship_ledger(node: "Node") -> int:
    """Seal what was answered, ship it, and count it."""
    from consent.check.ledger.shipping import ship

    node.ledger.seal(True)
    return ship(node.ledger.folder, objects=node.world.ports.log.objects, clock=node.world.clock)
