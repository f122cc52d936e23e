"""A consent's history: to the performer with whoever did it, to the licensee without."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World


def test_a_performer_reads_what_happened_newest_first_with_who_did_it(world: "World") -> None:
    from consent.registry.operations.cancel_revocation import begin_revocation
    from consent.registry.operations.end_on_session import revoke_on_session
    from consent.registry.operations.suspend_grant import resume_by_holder, suspend_by_holder
    from consent.registry.queries.timeline import timeline

    person = world.person(passkey=True)
    grant = str(world.grant(world.organization(), person).grant)
    told = {"livemode": True, "grant": grant}
    world.clock.forward(hours=1)
    suspend_by_holder(world.ports, holder="operator", reason="A dispute.", **told)
    world.clock.forward(hours=1)
    resume_by_holder(world.ports, holder="operator", **told)
    world.clock.forward(hours=1)
    begun = begin_revocation(world.ports, performer=person.id, authority="link", **told)
    world.clock.forward(hours=1)
    world.say("cancellation", grant, person.key, cancels=begun.revocation)
    world.clock.forward(hours=1)
    revoke_on_session(world.ports, performer=person.id, **told)
    entries = timeline(world.ports, performer=person.id, grant=grant)
    assert [(entry.what, entry.by, entry.how) for entry in entries] == [
        ("revoked", "performer", "session"),
        ("ending_cancelled", "performer", "passkey"),
        ("ending_begun", "performer", "link"),
        ("paused", "performer", "link"),
        ("resumed", "operator", None),
        ("paused", "operator", "operator"),
        ("active", "registry", None),
        ("signed", "performer", "passkey"),
        ("viewed", "performer", None),
        ("offered", "licensee", None),
    ]
    assert [entry.reason for entry in entries if entry.reason] == ["A dispute."]
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)


def test_a_licensee_reads_every_stop_alike(world: "World") -> None:
    from consent.registry.operations.end_on_session import revoke_on_session, suspend_on_session
    from consent.registry.operations.revoke_grant import revoke_by_operator
    from consent.registry.operations.suspend_grant import resume_by_holder, suspend_by_holder
    from consent.registry.operations.void_grant import void_grant
    from consent.registry.queries.timeline import licensee_timeline

    organization, person = world.organization(), world.person(passkey=True)
    byself, byothers = (str(world.grant(organization, person).grant) for _ in range(2))
    world.clock.forward(hours=1)
    suspend_on_session(world.ports, livemode=True, performer=person.id, grant=byself)
    suspend_by_holder(world.ports, livemode=True, grant=byothers, holder="operator", reason="A dispute.")
    world.clock.forward(hours=1)
    suspend_by_holder(world.ports, livemode=True, grant=byothers, holder="guild:voices", reason="Strike.")
    world.clock.forward(hours=1)
    resume_by_holder(world.ports, livemode=True, grant=byothers, holder="operator")
    world.clock.forward(hours=1)
    world.say("resumption", byself, person.key)
    resume_by_holder(world.ports, livemode=True, grant=byothers, holder="guild:voices")
    world.clock.forward(hours=1)
    revoke_on_session(world.ports, livemode=True, performer=person.id, grant=byself)
    operator = {"livemode": True, "actor": "operator-1", "reason": "A court."}
    revoke_by_operator(world.ports, grant=byothers, **operator)
    void_grant(world.ports, grant=byothers, **operator)
    read = {
        grant: licensee_timeline(world.ports, livemode=True, organization=organization, grant=grant)
        for grant in (byself, byothers)
    }
    assert read[byself] == read[byothers]
    assert [entry.what for entry in read[byself]] == [
        "ended",
        "resumed",
        "paused",
        "active",
        "signed",
        "viewed",
        "offered",
    ]
    assert {(entry.by, entry.how, entry.reason) for entry in read[byself]} == {(None, None, None)}


def test_an_expired_term_stands_in_both_timelines_before_the_sweep(world: "World") -> None:
    from consent.registry.queries.timeline import licensee_timeline, timeline
    from tests.registry.terms import TRAIN, terms

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person, terms(TRAIN, valid_until="2026-12-02T00:00:00Z")).grant)
    world.clock.forward(days=2)
    assert timeline(world.ports, performer=person.id, grant=grant)[0].what == "expired"
    licensee = licensee_timeline(world.ports, livemode=True, organization=organization, grant=grant)
    assert licensee[0].what == "ended"


def test_nobody_else_reads_a_timeline(world: "World") -> None:
    from consent.registry.errors import NotFound
    from consent.registry.queries.timeline import licensee_timeline, timeline

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    with pytest.raises(NotFound):
        timeline(world.ports, performer=world.person().id, grant=grant)
    for livemode, asking in ((True, world.organization()), (False, organization)):
        with pytest.raises(NotFound):
            licensee_timeline(world.ports, livemode=livemode, organization=asking, grant=grant)
