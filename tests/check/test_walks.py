"""Whoever asks has all of their people read ahead, while there is room: facts like all others, displacing nobody's."""

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node
    from tests.registry.world import Person

COUNT = 7


def _people(node: "Node", organization: str, count: int = COUNT) -> "list[Person]":
    people = [node.world.person() for _ in range(count)]
    for each in people:
        node.world.grant(organization, each)
    return people


def _names(node: "Node", organization: str, people: "list[Person]") -> list[Any]:
    from consent.check.cells import SubjectName

    return [
        SubjectName(True, organization, organization, "performer", node.reference(organization, each))
        for each in people
    ]


def _missing(node: "Node", names: list[Any]) -> int:
    return sum(1 for name in names if not node.replica.holds(name))


def _begun(node: "Node", organization: str, people: "list[Person]") -> None:
    """The first turn takes the head; a question that misses afterwards begins the walk."""
    node.feeder.turn()
    node.ask(organization, people[0])


def _asked_now(node: "Node") -> None:
    """A question of a moment ago, however slow this machine is."""
    node.feeder._asked_at = time.monotonic() + 3600


def test_whoever_asks_about_one_has_all_their_people_in_memory_soon(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import ahead, walks

    monkeypatch.setattr(ahead, "PAGE", 2)
    monkeypatch.setattr(walks, "PAGE", 3)
    organization = node.world.organization()
    people = _people(node, organization)
    names = _names(node, organization, people)
    _begun(node, organization, people)
    assert node.feeder.reading_ahead
    for _ in range(20):
        node.feeder.turn()
    assert _missing(node, names) == 0 and not node.feeder.reading_ahead
    turns = node.feeder._begun
    answers = [node.ask(organization, each).decision for each in people]
    assert answers == ["allow"] * COUNT and node.primary.asked == 0
    assert node.feeder._begun == turns  # none of these questions waited for anything


def test_an_organizations_own_names_are_walked_when_it_asks_by_them(node: "Node") -> None:
    from consent.check.cells import SubjectName
    from consent.registry.operations.references import set_external_id

    organization = node.world.organization()
    people = _people(node, organization, 3)
    own = [f"external_id:walked-{number}" for number in range(3)]
    for name, person in zip(own, people, strict=True):
        set_external_id(
            node.world.ports,
            livemode=True,
            organization=organization,
            performer=node.reference(organization, person),
            external_id=name.removeprefix("external_id:"),
        )
    node.feeder.turn()
    assert node.ask(organization, performer=own[0]).decision == "allow"
    for _ in range(4):
        node.feeder.turn()
    by_own = [SubjectName(True, organization, organization, "performer", name) for name in own]
    assert _missing(node, by_own) == 0
    assert _missing(node, _names(node, organization, people)) == 3  # nobody asked by those


def test_nobody_elses_people_are_read(node: "Node") -> None:
    asks, other = node.world.organization(), node.world.organization()
    own, theirs = _people(node, asks, 2), _people(node, other, 2)
    _begun(node, asks, own)
    for _ in range(4):
        node.feeder.turn()
    assert _missing(node, _names(node, asks, own)) == 0
    assert _missing(node, _names(node, other, theirs)) == 2


def test_a_stop_while_people_are_walked_is_seen(node: "Node") -> None:
    organization = node.world.organization()
    people = _people(node, organization, 2)
    _begun(node, organization, people)
    for _ in range(4):
        node.feeder.turn()
    assert _missing(node, _names(node, organization, people)) == 0
    from consent.registry.models import Grant

    grant = Grant.objects.get(performer_id=people[1].id).id
    node.world.say("revocation", grant, people[1].key)
    node.feeder.turn()
    assert node.ask(organization, people[1]).decision == "deny"


def test_what_changes_is_read_again_though_nobody_asked_for_it(node: "Node") -> None:
    from consent.registry.models import Grant

    organization = node.world.organization()
    people = _people(node, organization, 3)
    names = _names(node, organization, people)
    _begun(node, organization, people)
    for _ in range(4):
        node.feeder.turn()
    grant = Grant.objects.get(performer_id=people[2].id).id
    node.world.say("revocation", grant, people[2].key)
    node.feeder.turn()
    assert _missing(node, names) == 1 and node.feeder.reading_ahead
    node.feeder.turn()
    assert _missing(node, names) == 0 and not node.feeder.reading_ahead
    turns = node.feeder._begun
    assert node.ask(organization, people[2]).decision == "deny" and node.feeder._begun == turns


def test_what_is_walked_takes_nobodys_place(node: "Node", monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.check import replica

    organization = node.world.organization()
    people = _people(node, organization)
    names = _names(node, organization, people)
    node.feeder.turn()
    monkeypatch.setattr(replica, "FULL", 0.0)
    for each in people[:2]:
        node.ask(organization, each)
    for _ in range(5):
        node.feeder.turn()
    assert not node.feeder.reading_ahead and _missing(node, names) == COUNT - 2


def test_what_is_walked_counts_as_asked_for_by_nobody(node: "Node") -> None:
    """So it is neither read again when it changes, nor kept over a restart, nor spared when room is needed."""
    organization = node.world.organization()
    people = _people(node, organization, 3)
    names = _names(node, organization, people)
    _begun(node, organization, people)
    for _ in range(4):
        node.feeder.turn()
    assert _missing(node, names) == 0
    assert [name for name in node.replica.asked_since(1.0, limit=10) if name in names] == [names[0]]
    assert not any(node.replica._is_hot(name) for name in names[1:])
    node.ask(organization, people[1])
    assert names[1] in node.replica.asked_since(1.0, limit=10)


def test_what_cannot_be_read_fails_one_turn_and_not_every_one(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key store that is away, say, for somebody whom nobody asked about."""
    from consent.check import feeder
    from consent.check.ahead import REST_S
    from consent.log.errors import LogError

    organization = node.world.organization()
    people = _people(node, organization)
    names = _names(node, organization, people)
    _begun(node, organization, people)
    real, bad = feeder.load_cells, names[-1]

    def fails(asked: Any, **options: Any) -> Any:
        if bad in asked:
            raise LogError("their limits cannot be opened")
        return real(asked, **options)

    monkeypatch.setattr(feeder, "load_cells", fails)
    with pytest.raises(LogError):
        node.feeder.turn()
    for _ in range(3):
        assert node.feeder.turn() and not node.feeder.reading_ahead
        assert node.ask(organization, people[1]).decision == "allow"
    monkeypatch.setattr(feeder, "load_cells", real)
    node.boot.now += REST_S
    node.feeder.turn()
    node.ask(organization, people[2])  # a while later the walk begins anew
    for _ in range(4):
        node.feeder.turn()
    assert _missing(node, names) == 0


def test_while_questions_come_walking_rests_three_times_as_long_as_it_took(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import ahead

    monkeypatch.setattr(ahead, "PAGE", 1)
    organization = node.world.organization()
    people = _people(node, organization)
    names = _names(node, organization, people)
    _begun(node, organization, people)
    _asked_now(node)
    node.feeder.turn()  # the names are known by now
    node.feeder._walk_at = 0.0
    before = _missing(node, names)
    node.feeder.turn()
    rests = node.feeder._walk_at - time.monotonic()
    assert rests > 0 and _missing(node, names) == before - 1
    node.feeder._walk_at = time.monotonic() + 3600
    node.feeder.turn()
    assert _missing(node, names) == before - 1
    away = next(each for each, name in zip(people, names, strict=True) if not node.replica.holds(name))
    node.ask(organization, away)  # whoever asks waits for no walk
    assert _missing(node, names) == before - 2


def test_a_walk_begins_anew_with_everything(node: "Node") -> None:
    organization = node.world.organization()
    people = _people(node, organization, 2)
    _begun(node, organization, people)
    node.feeder._begin_anew()
    assert not node.feeder.reading_ahead
    node.feeder.turn()
    node.ask(organization, people[0])
    for _ in range(4):
        node.feeder.turn()
    assert _missing(node, _names(node, organization, people)) == 0


def test_a_page_of_a_turn_that_was_cut_is_read_by_a_later_one(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import feeder

    organization = node.world.organization()
    people = _people(node, organization)
    _begun(node, organization, people)
    node.world.grant(organization, node.world.person())  # some events more than fit
    monkeypatch.setattr(feeder, "PAGE", 1)
    assert node.feeder.turn() is False
    assert _missing(node, _names(node, organization, people)) == COUNT - 1
    monkeypatch.setattr(feeder, "PAGE", 2000)
    for _ in range(4):
        node.feeder.turn()
    assert _missing(node, _names(node, organization, people)) == 0


def test_while_nobody_asks_a_turn_reads_several_pages(node: "Node", monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.check import ahead

    monkeypatch.setattr(ahead, "PAGE", 1)
    organization = node.world.organization()
    people = _people(node, organization)
    names = _names(node, organization, people)
    _begun(node, organization, people)
    _asked_now(node)
    read = []
    for asked_at in (node.feeder._asked_at, 0.0):
        node.feeder._asked_at, node.feeder._walk_at = asked_at, 0.0
        if not read:
            node.feeder.turn()  # the names are known by now
            node.feeder._walk_at = 0.0
        before = _missing(node, names)
        node.feeder.turn()
        read.append(before - _missing(node, names))
    assert read == [1, min(ahead.IDLE_PAGES, before)] and read[1] > 1
