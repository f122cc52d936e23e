"""SIGKILL at every step of ending, the enforcement wait included: what was committed bites, and is finished."""

from pathlib import Path

from tests.faults.registry_kills import submit_and_die, world_of_its_own

MAX_STEPS = 120
FINISHED_EVERY = 8  # of the kills that left nothing, how many are followed by the same bytes at once


def test_killed_at_any_step_an_ending_is_whole_or_absent_and_the_same_bytes_finish_it(
    database: str, postgres_server: str, tmp_path: Path
) -> None:
    from consent.log.models import Enforcement
    from consent.log.verify import verify_history
    from consent.registry.models import Grant, GrantEnding, Statement

    outcomes = set()
    waiting = False
    with world_of_its_own(postgres_server, tmp_path) as world:
        organization, person = world.organization(), world.person()
        reference = world.reference(organization, person)
        used = True
        for step in range(1, MAX_STEPS):
            if used:
                grant = str(world.grant(organization, person).grant)
                body = world.about("revocation", grant, person.key)
                envelope = person.key.sign(body)
            died = submit_and_die(world, tmp_path, envelope, step=step)
            row = Grant.objects.get(id=grant)
            ended = row.state == "revoked"
            assert ended == (row.ended_at is not None)
            assert GrantEnding.objects.filter(grant=row).exists() == ended
            assert Statement.objects.filter(id=body["id"]).exists() == ended
            assert world.ask(organization, reference).allowed != ended
            outcomes.add((died, ended))
            used = ended or step % FINISHED_EVERY == 0
            if not used:
                continue  # nothing was left behind: the next kill meets the same grant
            if ended and died:
                event = GrantEnding.objects.get(grant=row).event
                waiting |= Enforcement.objects.get(event_id=event).enforced_at is None
            answer = world.submit(envelope)
            assert answer.enforced_at is not None and answer.acknowledgement
            assert (answer.state, answer.repeated) == ("ended", ended)
            assert not world.ask(organization, reference).allowed
            if not died:
                break
        verify_history(True)
    assert outcomes == {(True, False), (True, True), (False, True)}
    assert waiting, "no kill fell between COMMIT and enforcement"


def test_the_sweep_finishes_an_ending_whose_worker_died_while_it_waited(
    database: str, postgres_server: str, tmp_path: Path
) -> None:
    from consent.log.enforcement import sweep
    from consent.log.models import Enforcement
    from consent.registry.models import GrantEnding

    with world_of_its_own(postgres_server, tmp_path) as world:
        organization, person = world.organization(), world.person()
        grant = str(world.grant(organization, person).grant)
        envelope = person.key.sign(world.about("revocation", grant, person.key))
        for step in range(1, MAX_STEPS):
            assert submit_and_die(world, tmp_path, envelope, step=step)
            ending = GrantEnding.objects.filter(grant_id=grant).first()
            if ending is not None:
                break
        assert ending is not None
        assert Enforcement.objects.get(event_id=ending.event).enforced_at is None
        assert sweep(world.ports.log) >= 1
        assert Enforcement.objects.get(event_id=ending.event).enforced_at is not None
