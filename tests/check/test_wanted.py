"""The queue of missed facts: bounded, first come first served within an organization, and in a circle between them."""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consent.check.cells import SubjectName
    from tests.check.node import Node


def _names(organization: str, count: int, *, begin: int = 0) -> list["SubjectName"]:
    from consent.check.cells import SubjectName

    return [
        SubjectName(True, organization, organization, "performer", f"prf_{number}")
        for number in range(begin, begin + count)
    ]


def test_a_flood_of_one_organization_keeps_nobody_else_waiting_for_a_turn() -> None:
    from consent.check.wanted import Wanted

    wanted = Wanted()
    assert wanted.add(_names("flood", 40_000))
    assert wanted.add(_names("small", 3)) and wanted.add([b"digest of a key"])
    taken = wanted.next(1000)
    assert Counter(name if isinstance(name, bytes) else name.caller for name in taken) == {
        "flood": 996,
        "small": 3,
        b"digest of a key": 1,
    }


def test_a_full_queue_still_has_a_place_for_who_wants_little() -> None:
    from consent.check.wanted import ALWAYS, MAX_QUEUED, Wanted

    wanted = Wanted()
    assert wanted.add(_names("flood", MAX_QUEUED))
    assert not wanted.add(_names("flood", 1, begin=MAX_QUEUED))
    assert wanted.add(_names("small", ALWAYS))
    assert not wanted.add(_names("small", 1, begin=ALWAYS))
    assert len(wanted) == MAX_QUEUED + ALWAYS


def test_within_an_organization_who_came_first_is_read_first_and_stays_until_it_was_read() -> None:
    from consent.check.wanted import Wanted

    wanted = Wanted()
    names = _names("one", 5)
    wanted.add(names)
    assert wanted.next(2) == wanted.next(2) == names[:2]
    assert not wanted.isdisjoint(names[:1])
    wanted.remove([*names[:2], *_names("nobody", 1)])
    assert wanted.isdisjoint(names[:2]) and wanted.next(9) == names[2:]
    wanted.remove(names)
    assert len(wanted) == 0 and wanted.next(9) == []


def test_more_organizations_than_a_turn_holds_take_turns() -> None:
    from consent.check.wanted import Wanted

    wanted = Wanted()
    for number in range(10):
        wanted.add(_names(f"org_{number}", 5))
    served: Counter[str] = Counter()
    for _ in range(10):
        taken = wanted.next(4)
        served.update(name.caller for name in taken if not isinstance(name, bytes))
        wanted.remove(taken)
    assert max(served.values()) - min(served.values()) <= 1


def test_a_name_that_is_wanted_twice_waits_once() -> None:
    from consent.check.wanted import Wanted

    wanted = Wanted()
    names = _names("one", 2)
    wanted.add(names)
    wanted.add(names)
    assert len(wanted) == 2 and wanted.next(9) == names


def test_on_a_flooded_node_another_organization_is_answered_by_the_very_next_turn(node: "Node") -> None:
    organization, person = node.world.organization(), node.world.person()
    node.world.grant(organization, person)
    node.feeder.turn()
    node.feeder._wanted[True].add(_names("org_test_flood", 5000))
    assert node.ask(organization, person).decision == "allow"
    assert node.primary.asked == 0
    assert len(node.feeder._wanted[True]) > 3000  # of the flood most still waits
