"""What a turn costs the database: one way there and back before anybody is told, whatever was missed or changed."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node


def _name(node: "Node", organization: str, person: Any) -> Any:
    from consent.check.cells import SubjectName

    return SubjectName(True, organization, organization, "performer", node.reference(organization, person))


def test_a_turn_asks_once_before_it_tells_and_once_more_if_facts_in_use_changed(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.registry.operations.references import set_external_id
    from tests.check.turnarounds import counted_turnarounds

    world, organization = node.world, node.world.organization()
    hot, missed = world.person(), world.person()
    for each in (hot, missed):
        world.grant(organization, each)
    changed, wanted = _name(node, organization, hot), _name(node, organization, missed)
    node.ask(organization, hot)
    told: list[int] = []
    real = node.feeder._end

    with counted_turnarounds() as ways:
        node.feeder.turn()

        def end(*given: Any) -> None:
            told.append(ways.count)
            real(*given)

        monkeypatch.setattr(node.feeder, "_end", end)
        node.feeder._wanted[True].add([wanted])
        before = ways.count
        node.feeder.turn()
        assert told[0] == before + 1
        told.clear()
        assert ways.count == before + 2  # the end of the transaction, when everybody was told
        assert not node.replica.read([wanted], livemode=True).missing
        for number in range(3):
            given = {"livemode": True, "organization": organization, "external_id": f"hot-{number}"}
            set_external_id(world.ports, performer=changed.value, **given)
        world.say("suspension", world.grant(organization, hot).grant, hot.key)
        before = ways.count
        node.feeder.turn()
        assert told[0] == before + 2  # what changed, and then what that concerns, in the same snapshot
        assert ways.count == before + 3
        assert not node.replica.read([changed], livemode=True).missing


def test_what_changed_is_read_anew_with_its_turn_if_it_was_asked_for_lately_and_else_gone(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import replica
    from consent.check.replica import HOT_S

    monkeypatch.setattr(replica, "FULL", 0.0)  # no room to read anything ahead
    world, organization = node.world, node.world.organization()
    hot, cold = world.person(), world.person()
    grants = [world.grant(organization, each).grant for each in (cold, hot)]
    node.ask(organization, cold)
    node.boot.now += HOT_S
    node.ask(organization, hot)
    for person, grant in zip((cold, hot), grants, strict=True):
        world.say("suspension", grant, person.key)
    names = [_name(node, organization, each) for each in (hot, cold)]
    node.feeder.turn()
    assert node.replica.read(names, livemode=True).missing == names[1:]
    turns = node.feeder._begun
    assert node.ask(organization, hot).reasons == ["no_active_consent"]
    assert node.primary.asked == 0 and node.feeder._begun == turns


def test_of_very_many_changes_some_are_read_by_the_next_turn(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import feeder, replica

    monkeypatch.setattr(replica, "FULL", 0.0)  # no room to read anything ahead
    monkeypatch.setattr(feeder, "AT_ONCE", 1)
    world, organization = node.world, node.world.organization()
    people = [world.person() for _ in range(3)]
    grants = [world.grant(organization, each).grant for each in people]
    for each in people:
        node.ask(organization, each)
    for person, grant in zip(people, grants, strict=True):
        world.say("suspension", grant, person.key)
    names = [_name(node, organization, each) for each in people]
    node.feeder.turn()
    assert len(node.replica.read(names, livemode=True).missing) == 2
    node.feeder.turn()
    assert not node.replica.read(names, livemode=True).missing
    assert {node.ask(organization, each).decision for each in people} == {"deny"}


def test_what_changed_and_cannot_be_opened_is_dropped_and_holds_up_nobody(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import feeder
    from consent.log.errors import LogError

    world, organization = node.world, node.world.organization()
    person, other = world.person(), world.person()
    grant = world.grant(organization, person).grant
    world.grant(organization, other)
    for each in (person, other):
        node.ask(organization, each)
    name, real = _name(node, organization, person), feeder.load_cells

    def fails(asked: Any, **options: Any) -> Any:
        if name in asked:
            raise LogError("their limits cannot be opened")
        return real(asked, **options)

    world.say("suspension", grant, person.key)
    monkeypatch.setattr(feeder, "load_cells", fails)
    assert node.feeder.turn() and node.feeder.turn()
    assert node.replica.read([name], livemode=True).missing
    assert node.ask(organization, other).decision == "allow" and node.primary.asked == 0


def test_a_failed_follower_keeps_no_question_waiting_and_begins_anew(node: "Node") -> None:
    """Facts are told before followers read; a follower that failed is never told of a position that it missed."""
    from django.db import OperationalError

    from consent.check.changes.follower import ChangesFollower
    from consent.check.changes.memory import ChangesMemory

    class Failing(ChangesFollower):
        """Fails when it is told to."""

        broken = False

        def read(self, *given: Any, **how: Any) -> Any:
            """As in `Follower`, or not at all."""
            if self.broken:
                raise OperationalError("gone")
            return super().read(*given, **how)

    world, organization = node.world, node.world.organization()
    memory = ChangesMemory()
    follower = Failing(memory, world.ports)
    node.feeder._followers = (follower,)
    memory.asked(organization, livemode=True, now=node.boot.now)
    node.feeder.turn()
    assert organization in memory._sides[True].windows
    person = world.person()
    follower.broken = True
    world.grant(organization, person)
    name = _name(node, organization, person)
    node.feeder._wanted[True].add([name])
    with pytest.raises(OperationalError):
        node.feeder.turn()
    assert not node.replica.read([name], livemode=True).missing
    follower.broken = False
    node.feeder.turn()
    window, fresh = memory._sides[True].windows[organization], node.replica.freshness(True)
    assert fresh is not None and window.since == fresh.position.seq and not window.rows


def test_a_turn_is_planned_once_and_not_anew_each_time(node: "Node") -> None:
    from django.db import connection

    organization = node.world.organization()
    for number in range(8):
        node.ask(organization, performer=f"prf_nobody_{number}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, custom_plans, generic_plans FROM pg_prepared_statements")
        plans = cursor.fetchall()
    for part in ("log_head", "log_event e", "unnest"):
        found = [(anew, kept) for statement, anew, kept in plans if part in statement]
        assert found and all(anew == 0 for anew, _ in found) and max(kept for _, kept in found) >= 8, part
