"""Adult terms: passkey, fresh identity, cooling-off, a second yes (DECIDING 20)."""

from typing import TYPE_CHECKING

import pytest

from tests.registry.terms import ADULT, TRAIN, line, terms

if TYPE_CHECKING:
    from tests.registry.world import Person, World

ASKED = {
    "use": "infer.voice",
    "content_tier": "nudity",
    "adult_terms": ("nudity",),
    "end_user_age_assured": True,
}


def signed(world: "World", *, shown_for_h: float = 0) -> "tuple[str, Person, str]":
    """Organization, performer and an adult grant that awaits its confirmation."""
    organization, person = world.organization(), world.person(passkey=True)
    offer = world.offer(organization, person, terms(ADULT))
    world.clock.forward(hours=shown_for_h)
    answer = world.sign(person, offer)
    assert answer.state == "signed" and answer.active_from is None
    return organization, person, str(answer.grant)


def allowed(world: "World", organization: str, person: "Person") -> bool:
    """Whether the adult question is allowed now."""
    return world.ask(organization, world.reference(organization, person), **ASKED).allowed  # type: ignore[arg-type]


def test_with_72_hours_of_review_a_confirmation_after_12_hours_makes_it_active(world: "World") -> None:
    from consent.registry.errors import TooEarly

    organization, person, grant = signed(world, shown_for_h=72)
    world.clock.forward(hours=11, minutes=59)
    with pytest.raises(TooEarly):
        world.say("confirmation", grant, person.key)
    assert not allowed(world, organization, person)
    world.clock.forward(minutes=1)
    assert world.say("confirmation", grant, person.key).state == "active"
    assert allowed(world, organization, person)


def test_without_review_it_becomes_active_seven_days_after_signing(world: "World") -> None:
    from consent.registry.operations.sweep_grants import activate_due

    organization, person, grant = signed(world, shown_for_h=71)
    signed_at = world.clock.now
    world.clock.forward(hours=12)
    answer = world.say("confirmation", grant, person.key)
    assert answer.state == "signed" and answer.active_from is not None
    assert (answer.active_from - signed_at).days == 7
    world.clock.forward(days=6, hours=11)
    activate_due(world.ports, livemode=True)
    assert not allowed(world, organization, person)
    world.clock.forward(hours=1)
    activate_due(world.ports, livemode=True)
    assert allowed(world, organization, person)


def test_without_confirmation_it_never_becomes_active(world: "World") -> None:
    from consent.registry.operations.sweep_grants import activate_due

    organization, person, _ = signed(world, shown_for_h=100)
    world.clock.forward(days=60)
    activate_due(world.ports, livemode=True)
    assert not allowed(world, organization, person)


def test_until_it_is_active_it_can_be_rescinded_and_later_only_revoked(world: "World") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.models import Grant

    _, person, grant = signed(world)
    answer = world.say("rescission", grant, person.key)
    assert answer.state == "ended" and answer.enforced_at and answer.acknowledgement
    assert Grant.objects.get(id=grant).state == "rescinded"
    _, other, active = signed(world, shown_for_h=80)
    world.clock.forward(hours=12)
    world.say("confirmation", active, other.key)
    with pytest.raises(StateConflict):
        world.say("rescission", active, other.key)
    assert world.say("revocation", active, other.key).state == "ended"


def test_it_is_confirmed_once(world: "World") -> None:
    from consent.registry.errors import StateConflict

    _, person, grant = signed(world)
    world.clock.forward(hours=13)
    world.say("confirmation", grant, person.key)
    with pytest.raises(StateConflict):
        world.say("confirmation", grant, person.key)


def test_identity_must_be_90_days_fresh_for_adult_terms_and_12_months_for_others(world: "World") -> None:
    from consent.registry.errors import IdentityStale

    organization, person = world.organization(), world.person(passkey=True)
    adult, plain = world.offer(organization, person, terms(ADULT)), world.offer(organization, person)
    world.clock.forward(days=90)
    with pytest.raises(IdentityStale):
        world.sign(person, adult)
    assert world.sign(person, plain).state == "active"
    world.clock.forward(days=275)
    late = world.offer(organization, person, terms(TRAIN))
    with pytest.raises(IdentityStale):
        world.sign(person, late)
    world.verify(person.id)
    assert world.sign(person, late).state == "active"


def test_nobody_signs_before_an_examiner_said_18_and_a_later_no_counts(world: "World") -> None:
    from consent.registry.errors import CredentialBlocked, IdentityMissing

    organization, person = world.organization(), world.person(verified=False)
    offer = world.offer(organization, person)
    with pytest.raises(CredentialBlocked):
        world.prepare(person, offer)
    world.verify(person.id)
    prepared = world.prepare(person, offer)
    world.clock.forward(minutes=5)
    world.verify(person.id, over_18=False)
    with pytest.raises(IdentityMissing):
        world.submit(person.key.sign(prepared.body))


def test_work_in_person_replaced_without_anybody_standing_by_needs_a_confirmation_after_24_hours(
    world: "World",
) -> None:
    from consent.registry.errors import TooEarly

    long = line(
        "l1", "train.voice", *TRAIN["constraints"], description={"en": TRAIN["description"]["en"] * 2}
    )
    organization, person = world.organization(), world.person()
    answer = world.grant(organization, person, terms(long, replaces_in_person_work=True))
    assert answer.state == "signed"
    world.clock.forward(hours=23)
    with pytest.raises(TooEarly):
        world.say("confirmation", str(answer.grant), person.key)
    world.clock.forward(hours=1)
    assert world.say("confirmation", str(answer.grant), person.key).state == "active"
