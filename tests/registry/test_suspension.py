"""Pauses: a set of holders, each lifts only its own; and revocations begun without a key."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World


def a_grant(world: "World") -> tuple[str, Any, str]:
    """Organization, performer and an active grant."""
    organization, person = world.organization(), world.person()
    return organization, person, str(world.grant(organization, person).grant)


def test_a_pause_denies_after_its_wait_and_a_resumption_allows(world: "World", waits: list[float]) -> None:
    from consent.registry.errors import StateConflict

    organization, person, grant = a_grant(world)
    reference = world.reference(organization, person)
    paused = world.say("suspension", grant, person.key)
    assert paused.state == "paused" and paused.enforced_at and sum(waits) >= 0.315
    assert world.ask(organization, reference).reasons == ("no_active_consent",)
    with pytest.raises(StateConflict):
        world.say("suspension", grant, person.key)
    resumed = world.say("resumption", grant, person.key)
    assert resumed.state == "active" and resumed.enforced_at is None
    assert world.ask(organization, reference).allowed


def test_each_holder_lifts_its_own_hold_and_the_last_one_makes_it_active(world: "World") -> None:
    from consent.registry.errors import Invalid, NotHolder
    from consent.registry.operations.suspend_grant import resume_by_holder, suspend_by_holder

    organization, person, grant = a_grant(world)
    reference = world.reference(organization, person)
    told: dict[str, Any] = {"livemode": True, "grant": grant, "holder": "guild:equity"}
    suspend_by_holder(world.ports, **told, reason="Strike.")
    with pytest.raises(NotHolder):
        world.say("resumption", grant, person.key)
    world.say("suspension", grant, person.key)
    assert world.say("resumption", grant, person.key).state == "paused"
    assert not world.ask(organization, reference).allowed
    with pytest.raises(NotHolder):
        resume_by_holder(world.ports, livemode=True, grant=grant, holder="operator")
    with pytest.raises(Invalid):
        resume_by_holder(world.ports, livemode=True, grant=grant, holder="performer")
    resume_by_holder(world.ports, livemode=True, grant=grant, holder="guild:equity")
    assert world.ask(organization, reference).allowed


def test_a_paused_grant_can_be_ended(world: "World") -> None:
    _, person, grant = a_grant(world)
    world.say("suspension", grant, person.key)
    assert world.say("revocation", grant, person.key).state == "ended"


def test_a_revocation_without_a_key_pauses_at_once_and_ends_after_a_day(
    world: "World", waits: list[float]
) -> None:
    from consent.registry.answers import enforced
    from consent.registry.errors import StateConflict
    from consent.registry.models import Grant
    from consent.registry.operations.cancel_revocation import begin_revocation, finish_revocations_due

    organization, person, grant = a_grant(world)
    told: dict[str, Any] = {
        "livemode": True,
        "performer": person.id,
        "grant": grant,
        "authority": "link",
    }
    begun = begin_revocation(world.ports, **told)
    assert enforced(begun.written, world.ports) is not None and sum(waits) >= 0.315
    assert not world.ask(organization, world.reference(organization, person)).allowed
    with pytest.raises(StateConflict):
        begin_revocation(world.ports, **told)
    world.clock.forward(hours=23, minutes=59)
    finish_revocations_due(world.ports, livemode=True)
    assert Grant.objects.get(id=grant).state == "suspended"
    world.clock.forward(minutes=1)
    finish_revocations_due(world.ports, livemode=True)
    assert Grant.objects.get(id=grant).state == "revoked"
    finish_revocations_due(world.ports, livemode=True)


def test_a_cancelled_revocation_leaves_the_pause(world: "World") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.models import Grant
    from consent.registry.operations.cancel_revocation import begin_revocation, finish_revocations_due

    _, person, grant = a_grant(world)
    begun = begin_revocation(
        world.ports, livemode=True, performer=person.id, grant=grant, authority="session"
    )
    with pytest.raises(StateConflict):
        world.say("cancellation", grant, person.key, cancels="stm_" + "a" * 26)
    assert world.say("cancellation", grant, person.key, cancels=begun.revocation).state == "paused"
    world.clock.forward(days=2)
    finish_revocations_due(world.ports, livemode=True)
    assert Grant.objects.get(id=grant).state == "suspended"
    assert world.say("resumption", grant, person.key).state == "active"


def test_events_tell_a_licensee_no_reason_and_no_author(world: "World") -> None:
    from consent.registry.operations.revoke_grant import revoke_by_operator
    from consent.registry.queries.events import events_of_organization, events_of_performer

    organization, person, grant = a_grant(world)
    done = revoke_by_operator(
        world.ports, livemode=True, grant=grant, actor="operator-1", reason="She was threatened."
    )
    seen = events_of_organization(world.ports, livemode=True, organization=organization)
    assert all(view.kind != "grant.ended" for view in seen), "not enforced yet, so not told"
    from consent.registry.answers import enforced

    enforced(done.written, world.ports)
    newest = events_of_organization(world.ports, livemode=True, organization=organization)[0]
    assert newest.kind == "grant.ended"
    assert newest.body == {
        "grant": grant,
        "performer": world.reference(organization, person),
        "state": "ended",
    }
    own = events_of_performer(world.ports, performer=person.id)[0]
    assert own.body is not None and own.body["reason"] == "She was threatened."


def test_reading_a_stop_waits_until_it_is_enforced(world: "World", waits: list[float]) -> None:
    from consent.registry.operations.submit_statement import write_statement
    from consent.registry.queries.grants import (
        grants_of_organization,
        since_for_licensee,
        state_for_licensee,
        wait_until_told,
    )

    organization, person, grant = a_grant(world)
    rows = list(grants_of_organization(organization, livemode=True))
    wait_until_told(rows, world.ports)
    assert waits == [] and state_for_licensee(rows[0], at=world.clock.now) == "active"
    write_statement(world.ports, envelope=person.key.sign(world.about("suspension", grant, person.key)))
    rows = list(grants_of_organization(organization, livemode=True))
    wait_until_told(rows, world.ports)
    assert sum(waits) >= 0.315
    assert state_for_licensee(rows[0], at=world.clock.now) == "paused"
    assert since_for_licensee(rows[0], at=world.clock.now) == world.clock.now


def test_nobody_hears_of_a_pause_that_is_not_enforced_yet(world: "World", waits: list[float]) -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.operations.cancel_revocation import begin_revocation
    from consent.registry.operations.suspend_grant import suspend_by_holder

    organization = world.organization()
    for again in ("signed", "begun", "held"):
        person = world.person()
        grant = str(world.grant(organization, person).grant)
        told = {"livemode": True, "grant": grant}
        begin = {"performer": person.id, "authority": "link", **told}
        hold = {"holder": "operator", "reason": "A dispute.", **told}
        begin_revocation(world.ports, **begin)
        suspend_by_holder(world.ports, **hold)
        calls = {
            "signed": lambda g=grant, p=person: world.say("suspension", g, p.key),
            "begun": lambda b=begin: begin_revocation(world.ports, **b),
            "held": lambda h=hold: suspend_by_holder(world.ports, **h),
        }
        assert waits == []
        with pytest.raises(StateConflict):
            calls[again]()
        assert sum(waits) >= 0.315, again
        waits.clear()
