"""Whoever lost every key can also stop what they signed and what is not active yet."""

from typing import TYPE_CHECKING

from tests.registry.test_adult_terms import allowed, signed

if TYPE_CHECKING:
    from tests.registry.world import World


def begin(world: "World", performer: object, grant: str) -> str:
    """Begin an ending by a mailed link."""
    from consent.registry.answers import enforced
    from consent.registry.operations.cancel_revocation import begin_revocation

    begun = begin_revocation(
        world.ports,
        livemode=True,
        performer=performer,  # type: ignore[arg-type]
        grant=grant,
        authority="link",
    )
    assert enforced(begun.written, world.ports) is not None
    return begun.revocation


def test_a_confirmed_grant_does_not_become_active_while_its_ending_is_pending(world: "World") -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.cancel_revocation import finish_revocations_due
    from consent.registry.operations.sweep_grants import activate_due

    organization, person, grant = signed(world)
    world.clock.forward(hours=12)
    world.say("confirmation", grant, person.key)
    world.clock.forward(days=6, hours=11)
    begin(world, person.id, grant)
    world.clock.forward(hours=2)
    activate_due(world.ports, livemode=True)
    assert Grant.objects.get(id=grant).state == "signed" and not allowed(world, organization, person)
    world.clock.forward(hours=22)
    finish_revocations_due(world.ports, livemode=True, limit=1000)
    assert Grant.objects.get(id=grant).state == "revoked"


def test_a_confirmation_meanwhile_counts_only_once_the_ending_is_cancelled(world: "World") -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.sweep_grants import activate_due

    organization, person, grant = signed(world, shown_for_h=72)
    world.clock.forward(hours=12)
    revocation = begin(world, person.id, grant)
    assert world.say("confirmation", grant, person.key).state == "signed"
    activate_due(world.ports, livemode=True)
    assert not allowed(world, organization, person)
    world.say("cancellation", grant, person.key, cancels=revocation)
    activate_due(world.ports, livemode=True)
    assert Grant.objects.get(id=grant).state == "active" and allowed(world, organization, person)


def test_the_licensee_does_not_read_of_it(world: "World") -> None:
    from consent.registry.queries.events import events_of_organization, events_of_performer
    from consent.registry.queries.timeline import licensee_timeline

    organization, person, grant = signed(world)
    begin(world, person.id, grant)
    told = events_of_organization(world.ports, livemode=True, organization=organization)
    assert "grant.revocation_begun" not in {event.kind for event in told}
    assert events_of_performer(world.ports, performer=person.id)[0].kind == "grant.revocation_begun"
    entries = licensee_timeline(world.ports, livemode=True, organization=organization, grant=grant)
    assert [entry.what for entry in entries] == ["signed", "viewed", "offered"]
