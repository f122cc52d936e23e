"""Promise 6, held against everything that is kept: after an erasure nothing of the person is found anywhere.

What is looked for is not a list of ours: it is every text and every bytes value that stood in any row about the
person before, and that no other person's rows have.
"""

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.check.forgotten import (
    IN_SEGMENTS,
    SAID,
    forms,
    found,
    needles_of,
    ship_ledger,
    written,
    zephyrine_at,
)
from tests.registry.test_identity_is_sealed import everything

if TYPE_CHECKING:
    from tests.check.node import Node
    from tests.registry.world import Person


@pytest.fixture
def zephyrine(node: "Node") -> "Person":
    """Somebody of whom every kind of thing is kept."""
    return zephyrine_at(node)


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
    assert ship_ledger(node) == 1 and CheckCount.objects.filter(performer_id=zephyrine.id).exists()
    packages = [read_package(world.ports, livemode=True, grant=g, organization=organization) for g in theirs]
    needles = needles_of(database, zephyrine.id)
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
    ship_ledger(node)  # a count of somebody who is gone already
    world.clock.forward(days=7)
    complete_due(world.ports)
    world.clock.forward(days=1, seconds=1)
    world.ports.log.erasures.forget(now=world.clock())  # what a restore would have needed

    # One event says to check processes that this internal number means nobody; nothing else names it.
    del needles[str(zephyrine.id)]
    assert Event.objects.get(performer_id=str(zephyrine.id)).kind == "performer.forgotten"
    text = everything(database)
    assert text.count(str(zephyrine.id)) == 1
    dump = written(text.encode())
    assert found(needles | dict.fromkeys(SAID, "said"), dump) == set()
    root: Path = check_log_ports.objects._root
    opaque = {value for value, name in needles.items() if name in IN_SEGMENTS}
    opaque |= {value for value in needles if re.match(r"(grt|inv|out|prf|pri)_", value)}
    looked_at = 0
    for path in (*root.rglob("*"), *check_log_ports.sealer._store._root.rglob("*")):
        if path.is_file():
            looked_at += 1
            held = {value: name for value, name in needles.items() if value not in opaque}
            data = written(path.read_bytes())
            assert found(held | dict.fromkeys(SAID, "said"), data + path.name.encode()) == set(), path
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
    needles = needles_of(database, zephyrine.id)
    seen = {line.partition(": ")[2] for line in found(needles, written(everything(database).encode()))}
    missed = {value for value in needles if value not in seen and forms(value)}
    assert missed == set()
    assert found({"Zephyrine Quillfeather": "x"}, written(base64.b64encode(b"I am Zephyrine Quillfeather.")))
    assert found({"\\x0102030405060708": "x"}, b"... 0102030405060708 ...")
