"""SIGKILL at every step of signing: a grant is there whole or not at all, and submitting again finishes."""

from pathlib import Path

from tests.faults.registry_kills import submit_and_die, world_of_its_own

MAX_STEPS = 120
FINISHED_EVERY = 8  # of the kills that left nothing, how many are followed by the same bytes at once


def test_killed_at_any_step_a_grant_is_whole_or_absent_and_the_same_bytes_finish_it(
    database: str, postgres_server: str, tmp_path: Path
) -> None:
    from consent.log.models import Event
    from consent.log.verify import verify_history
    from consent.registry.models import Grant, Offer, PreparedGrant, Statement

    outcomes = set()
    with world_of_its_own(postgres_server, tmp_path) as world:
        organization, person = world.organization(), world.person()
        reference = world.reference(organization, person)
        used = True
        for step in range(1, MAX_STEPS):
            if used:
                offer = world.offer(organization, person)
                prepared = world.prepare(person, offer)
                envelope = person.key.sign(prepared.body)
            died = submit_and_die(world, tmp_path, envelope, step=step)
            there = Grant.objects.filter(id=prepared.grant).exists()
            assert Statement.objects.filter(id=prepared.grant).exists() == there
            assert PreparedGrant.objects.filter(id=prepared.grant).exists() != there
            assert Offer.objects.get(id=offer).state == ("signed" if there else "viewed")
            outcomes.add((died, there))
            used = there or step % FINISHED_EVERY == 0
            if not used:
                continue  # nothing was left behind: the next kill meets the same offer
            answer = world.submit(envelope)
            assert (answer.state, answer.repeated) == ("active", there)
            assert Event.objects.filter(kind="grant.signed").count() == Grant.objects.count()
            allowed = world.ask(organization, reference)
            assert allowed.allowed
            world.say("revocation", prepared.grant, person.key)
            if not died:
                break
        verify_history(True)
    assert outcomes == {(True, False), (True, True), (False, True)}
