"""Promise 3: ending bites, is final, and nobody is told of it before it does."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import TRAIN, terms

if TYPE_CHECKING:
    from tests.registry.world import World

WAIT_S = 0.315  # 1.05 × l_wait


def a_grant(world: "World") -> tuple[str, Any, str]:
    """Organization, performer and an active grant."""
    organization, person = world.organization(), world.person()
    return organization, person, str(world.grant(organization, person).grant)


def test_the_same_revocation_again_gives_the_same_bytes_after_the_same_certainty(
    world: "World", waits: list[float]
) -> None:
    _, person, grant = a_grant(world)
    envelope = person.key.sign(world.about("revocation", grant, person.key))
    first = world.submit(envelope)
    again = world.submit(envelope)
    assert again.repeated
    assert (again.enforced_at, again.acknowledgement, again.committed) == (
        first.enforced_at,
        first.acknowledgement,
        first.committed,
    )


def test_a_repeat_of_a_revocation_that_is_not_enforced_yet_waits_from_when_it_saw_it(
    world: "World", waits: list[float]
) -> None:
    from consent.registry.operations.submit_statement import write_statement

    _, person, grant = a_grant(world)
    envelope = person.key.sign(world.about("revocation", grant, person.key))
    result = write_statement(world.ports, envelope=envelope)
    assert waits == [] and result.written.denies
    answer = world.submit(envelope)
    assert answer.enforced_at is not None and sum(waits) >= WAIT_S


def test_a_second_revocation_is_refused_and_only_after_the_first_is_enforced(
    world: "World", waits: list[float]
) -> None:
    from consent.registry.errors import AlreadyEnded
    from consent.registry.operations.submit_statement import write_statement

    _, person, grant = a_grant(world)
    write_statement(world.ports, envelope=person.key.sign(world.about("revocation", grant, person.key)))
    assert waits == []
    with pytest.raises(AlreadyEnded):
        world.say("revocation", grant, person.key)
    assert sum(waits) >= WAIT_S


def test_another_body_under_the_same_statement_id_conflicts(world: "World") -> None:
    from consent.registry.errors import StatementConflict

    _, person, grant = a_grant(world)
    body = world.about("revocation", grant, person.key)
    world.submit(person.key.sign(body))
    with pytest.raises(StatementConflict):
        world.submit(person.key.sign({**body, "nonce": "A" * 43}))


def test_a_grant_statement_repeated_after_the_end_says_ended_and_waits(
    world: "World", waits: list[float]
) -> None:
    from consent.registry.operations.submit_statement import write_statement

    organization, person = world.organization(), world.person()
    prepared = world.prepare(person, world.offer(organization, person))
    envelope = person.key.sign(prepared.body)
    world.submit(envelope)
    write_statement(
        world.ports,
        envelope=person.key.sign(world.about("revocation", prepared.grant, person.key)),
    )
    assert waits == []
    assert world.submit(envelope).state == "ended"
    assert sum(waits) >= WAIT_S


@pytest.mark.parametrize("kind", ["suspension", "resumption", "confirmation", "rescission", "revocation"])
def test_nothing_follows_an_end(world: "World", kind: str) -> None:
    from consent.registry.errors import AlreadyEnded

    _, person, grant = a_grant(world)
    world.say("revocation", grant, person.key)
    with pytest.raises(AlreadyEnded):
        world.say(kind, grant, person.key)


def test_the_digest_must_be_that_of_the_signed_grant(world: "World") -> None:
    from consent.registry.errors import StatementInvalid

    _, person, grant = a_grant(world)
    with pytest.raises(StatementInvalid) as caught:
        world.say("revocation", grant, person.key, grant_sha256="0" * 64)
    assert caught.value.pointer == "/body/grant_sha256"


def test_another_performers_grant_is_not_found(world: "World") -> None:
    from consent.registry.errors import NotFound

    _, _, grant = a_grant(world)
    stranger = world.person()
    with pytest.raises(NotFound):
        world.say("revocation", grant, stranger.key)


def test_an_operator_ends_a_grant_and_voids_it_even_after_that(world: "World", waits: list[float]) -> None:
    from consent.registry.answers import enforced
    from consent.registry.errors import AlreadyEnded
    from consent.registry.models import Grant, GrantEnding
    from consent.registry.operations.revoke_grant import revoke_by_operator
    from consent.registry.operations.void_grant import void_grant

    organization, person, grant = a_grant(world)
    told = {"livemode": True, "grant": grant, "actor": "operator-1", "reason": "Asked by telephone."}
    done = revoke_by_operator(world.ports, **told)
    assert enforced(done.written, world.ports) is not None and sum(waits) >= WAIT_S
    assert not world.ask(organization, world.reference(organization, person)).allowed
    with pytest.raises(AlreadyEnded):
        revoke_by_operator(world.ports, **told)
    ended_at = Grant.objects.get(id=grant).ended_at
    world.clock.forward(hours=1)
    void_grant(world.ports, **told)
    row = Grant.objects.get(id=grant)
    assert (row.state, row.ended_at) == ("voided", ended_at)
    assert list(GrantEnding.objects.filter(grant=row).order_by("id").values_list("outcome", flat=True)) == [
        "revoked",
        "voided",
    ]
    with pytest.raises(AlreadyEnded):
        void_grant(world.ports, **told)


def test_a_successor_ends_the_grant_it_supersedes_and_waits_for_that(
    world: "World", waits: list[float]
) -> None:
    from consent.registry.errors import AlreadyEnded, StateConflict
    from consent.registry.models import Grant

    organization, person, grant = a_grant(world)
    successor = world.grant(organization, person, terms(TRAIN, supersedes=grant))
    assert successor.enforced_at is not None and sum(waits) >= WAIT_S
    assert Grant.objects.get(id=grant).state == "superseded"
    reference = world.reference(organization, person)
    assert world.ask(organization, reference).grants == (successor.grant,)
    assert not world.ask(organization, reference, "infer.voice").allowed
    world.say("revocation", str(successor.grant), person.key)
    assert Grant.objects.get(id=grant).state == "superseded"
    with pytest.raises(AlreadyEnded):
        world.say("resumption", grant, person.key)
    with pytest.raises(StateConflict):
        world.grant(organization, person, terms(TRAIN, supersedes=grant))


def test_what_another_organization_was_granted_is_not_superseded(world: "World") -> None:
    from consent.registry.errors import StateConflict

    _, person, grant = a_grant(world)
    with pytest.raises(StateConflict):
        world.grant(world.organization(), person, terms(TRAIN, supersedes=grant))


def test_an_expired_grant_is_recorded_by_the_sweep_and_was_denied_before(world: "World") -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.sweep_grants import expire_due

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person, terms(TRAIN, valid_until="2026-12-02T00:00:00Z")).grant)
    reference = world.reference(organization, person)
    assert world.ask(organization, reference).allowed
    world.clock.forward(days=1)
    assert not world.ask(organization, reference).allowed
    assert Grant.objects.get(id=grant).state == "active"
    expire_due(world.ports, livemode=True)
    assert Grant.objects.get(id=grant).state == "expired"
    expire_due(world.ports, livemode=True)


def test_an_acknowledgement_verifies_with_the_published_keys(world: "World") -> None:
    from signing.acknowledgement import verify_acknowledgement
    from signing.statement import body_sha256
    from tests.registry.trusting import trust_of

    _, person, grant = a_grant(world)
    body = world.about("revocation", grant, person.key)
    answer = world.submit(person.key.sign(body))
    assert answer.acknowledgement is not None
    read = verify_acknowledgement(
        answer.acknowledgement, trust=trust_of(world), expected_body_sha256=body_sha256(body)
    )
    assert (read.grant, read.statement, read.committed) == (grant, body["id"], answer.committed)


@pytest.mark.parametrize("kind", ["revocation", "suspension"])
def test_a_grant_that_ran_out_is_said_to_have_ended(world: "World", kind: str) -> None:
    from consent.registry.errors import AlreadyEnded
    from consent.registry.operations.sweep_grants import expire_due

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person, terms(valid_until="2026-12-20T00:00:00Z")).grant)
    world.clock.forward(days=30)
    assert expire_due(world.ports, livemode=True) >= 1
    with pytest.raises(AlreadyEnded):
        world.say(kind, grant, person.key)
