"""Ending without a signature: recorded by the registry, final at once, waited for, and acknowledged."""

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.registry.world import Person, World

WAIT_S = 0.315  # 1.05 × l_wait


def a_grant(world: "World") -> tuple[str, "Person", str]:
    """Organization, performer and an active grant."""
    organization, person = world.organization(), world.person(passkey=True)
    return organization, person, str(world.grant(organization, person).grant)


def revoke(world: "World", person: "Person", grant: str, **options: Any) -> Any:
    """End on a session."""
    from consent.registry.operations.end_on_session import revoke_on_session

    return revoke_on_session(
        world.ports, livemode=world.livemode, performer=person.id, grant=grant, **options
    )


def suspend(world: "World", person: "Person", grant: str, **options: Any) -> Any:
    """Pause on a session."""
    from consent.registry.operations.end_on_session import suspend_on_session

    return suspend_on_session(
        world.ports, livemode=world.livemode, performer=person.id, grant=grant, **options
    )


def test_an_ending_on_a_session_is_enforced_before_it_is_told(world: "World", waits: list[float]) -> None:
    from consent.log.models import Enforcement
    from consent.registry.models import GrantEnding

    organization, person, grant = a_grant(world)
    ended = revoke(world, person, grant)
    assert sum(waits) >= WAIT_S and (ended.grant, ended.authority, ended.repeated) == (
        grant,
        "session",
        False,
    )
    row = GrantEnding.objects.get(grant=grant)
    assert (row.outcome, row.authority, row.statement) == ("revoked", "session", None)
    assert ended.enforced_at == Enforcement.objects.get(event_id=row.event).enforced_at
    assert not world.ask(organization, world.reference(organization, person)).allowed


def test_the_acknowledgement_verifies_and_is_of_the_very_record_in_the_history(world: "World") -> None:
    from consent.log.events import open_event
    from consent.log.models import Event
    from consent.registry.models import GrantEnding
    from signing.acknowledgement import verify_acknowledgement
    from signing.canonical import canonicalize
    from signing.errors import UntrustedError
    from tests.registry.trusting import trust_of

    _, person, grant = a_grant(world)
    ended = revoke(world, person, grant)
    event = Event.objects.get(event_id=GrantEnding.objects.get(grant=grant).event)
    record = dict(open_event(event, ports=world.ports.log).event)
    assert record["body"]["authority"] == "session" and record["body"]["grant"] == grant
    digest = hashlib.sha256(canonicalize(record)).hexdigest()
    read = verify_acknowledgement(ended.acknowledgement, trust=trust_of(world), expected_body_sha256=digest)
    assert (read.statement, read.authority, read.grant) == (None, "session", grant)
    with pytest.raises(UntrustedError):
        verify_acknowledgement(ended.acknowledgement, trust=trust_of(world), expected_body_sha256="0" * 64)


def test_a_second_click_answers_the_same_ending(world: "World") -> None:
    from dataclasses import replace

    from consent.registry.operations.end_on_session import read_ending

    _, person, grant = a_grant(world)
    assert read_ending(world.ports, performer=person.id, grant=grant) is None
    first = revoke(world, person, grant)
    world.clock.forward(hours=5)
    assert revoke(world, person, grant) == replace(first, repeated=True)
    assert read_ending(world.ports, performer=person.id, grant=grant) == replace(first, repeated=True)
    assert read_ending(world.ports, performer=world.person().id, grant=grant) is None


def test_a_second_click_on_an_ending_that_is_not_enforced_yet_waits_for_it(
    world: "World", waits: list[float]
) -> None:
    from consent.registry.operations.submit_statement import write_statement

    _, person, grant = a_grant(world)
    body = world.about("revocation", grant, person.key)
    write_statement(world.ports, envelope=person.key.sign(body))
    assert waits == []
    answer = revoke(world, person, grant)
    assert sum(waits) >= WAIT_S and answer.repeated and answer.authority == "passkey"
    assert answer.acknowledgement == world.submit(person.key.sign(body)).acknowledgement


def test_what_ran_out_or_was_voided_has_ended_already(world: "World", waits: list[float]) -> None:
    from consent.registry.errors import AlreadyEnded
    from consent.registry.operations.end_on_session import read_ending
    from consent.registry.operations.void_grant import void_grant

    _, person, grant = a_grant(world)
    void_grant(world.ports, livemode=True, grant=grant, actor="operator-1", reason="Never was.")
    assert waits == []
    with pytest.raises(AlreadyEnded):
        revoke(world, person, grant)
    assert sum(waits) >= WAIT_S
    assert read_ending(world.ports, performer=person.id, grant=grant) is None


def test_a_grant_that_is_not_active_yet_and_one_that_is_paused_end_too(world: "World") -> None:
    from consent.registry.models import PendingRevocation
    from consent.registry.operations.cancel_revocation import begin_revocation

    _, person, grant = a_grant(world)
    begun = begin_revocation(world.ports, livemode=True, performer=person.id, grant=grant, authority="link")
    assert revoke(world, person, grant).authority == "session"
    assert PendingRevocation.objects.get(id=begun.revocation).outcome == "ended"


@pytest.mark.parametrize("authority", ["link", "operator", "passkey", "key", "clock", ""])
def test_only_a_session_ends_at_once(world: "World", authority: str) -> None:
    from consent.registry.errors import Invalid
    from consent.registry.models import Grant

    _, person, grant = a_grant(world)
    with pytest.raises(Invalid):
        revoke(world, person, grant, authority=authority)
    if authority != "link":
        with pytest.raises(Invalid):
            suspend(world, person, grant, authority=authority)
    assert Grant.objects.get(id=grant).state == "active"


def test_nobody_elses_grant_is_ended_or_paused(world: "World") -> None:
    from consent.registry.errors import NotFound

    _, person, grant = a_grant(world)
    stranger = world.person()
    for act in (revoke, suspend):
        with pytest.raises(NotFound):
            act(world, stranger, grant)
        with pytest.raises(NotFound):
            act(world.other_side(), person, grant)


def test_a_pause_on_a_session_bites_and_only_a_passkey_lifts_it(world: "World", waits: list[float]) -> None:
    organization, person, grant = a_grant(world)
    paused = suspend(world, person, grant, authority="link")
    assert sum(waits) >= WAIT_S and not paused.repeated
    reference = world.reference(organization, person)
    assert not world.ask(organization, reference).allowed
    again = suspend(world, person, grant)
    assert (again.enforced_at, again.repeated) == (paused.enforced_at, True)
    world.say("resumption", grant, person.key)
    assert world.ask(organization, reference).allowed
    assert not suspend(world, person, grant).repeated


def test_a_pause_beside_somebody_elses_is_a_hold_of_ones_own(world: "World") -> None:
    from consent.registry.operations.suspend_grant import resume_by_holder, suspend_by_holder

    organization, person, grant = a_grant(world)
    suspend_by_holder(world.ports, livemode=True, grant=grant, holder="guild:voices", reason="Strike.")
    assert not suspend(world, person, grant).repeated
    resume_by_holder(world.ports, livemode=True, grant=grant, holder="guild:voices")
    assert not world.ask(organization, world.reference(organization, person)).allowed


def test_everything_is_paused_at_once_and_waited_for_together(
    world: "World", waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.registry.models import Grant
    from consent.registry.operations import end_on_session

    monkeypatch.setattr(end_on_session, "AT_ONCE", 2)
    person = world.person(passkey=True)
    grants = {str(world.grant(world.organization(), person).grant) for _ in range(5)}
    other = a_grant(world)[2]
    first, ended, *_ = sorted(grants)
    suspend(world, person, first)
    revoke(world, person, ended)
    waits.clear()
    paused = end_on_session.suspend_all_on_session(
        world.ports, livemode=True, performer=person.id, authority="link"
    )
    assert {each.grant for each in paused} == grants - {first, ended}
    assert sum(waits) < 2 * WAIT_S
    assert set(Grant.objects.filter(id__in=grants - {ended}).values_list("state", flat=True)) == {"suspended"}
    assert Grant.objects.get(id=ended).state == "revoked" and Grant.objects.get(id=other).state == "active"
    assert not end_on_session.suspend_all_on_session(world.ports, livemode=True, performer=person.id)


def test_an_operators_ending_is_acknowledged_too_and_a_term_that_ran_out_is_not(world: "World") -> None:
    from consent.registry.models import GrantEnding
    from consent.registry.operations.revoke_grant import revoke_by_operator
    from consent.registry.operations.sweep_grants import expire_due
    from consent.registry.recorded_endings import acknowledgement_of
    from tests.registry.terms import TRAIN, terms

    _, person, grant = a_grant(world)
    revoke_by_operator(
        world.ports, livemode=True, grant=grant, actor="operator-1", reason="Asked by telephone."
    )
    ending = GrantEnding.objects.get(grant=grant)
    acknowledged = acknowledgement_of(ending, world.ports)
    assert acknowledged is not None and acknowledgement_of(ending, world.ports) == acknowledged
    short = str(
        world.grant(world.organization(), person, terms(TRAIN, valid_until="2026-12-02T00:00:00Z")).grant
    )
    world.clock.forward(days=2)
    expire_due(world.ports, livemode=True)
    assert acknowledgement_of(GrantEnding.objects.get(grant=short), world.ports) is None
