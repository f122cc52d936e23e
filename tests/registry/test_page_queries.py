"""What pages list of an account: counted, paged, waited for, and nobody else's."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World

WAIT_S = 0.315  # 1.05 × l_wait


def test_the_counts_say_how_many_companies_may_use_something_now(world: "World") -> None:
    from consent.registry.operations.cancel_revocation import begin_revocation
    from consent.registry.operations.end_on_session import revoke_on_session, suspend_on_session
    from consent.registry.queries.pages import home_counts
    from tests.registry.terms import TRAIN, terms

    person, first, second = world.person(passkey=True), world.organization(), world.organization()
    counts = home_counts(world.ports, performer=person.id)
    assert (counts.companies, counts.active, counts.requests) == (0, 0, 0)
    one, _two, three, four, _short = (
        str(world.grant(each, person, made).grant)
        for each, made in (
            (first, None),
            (first, None),
            (second, None),
            (second, None),
            (world.organization(), terms(TRAIN, valid_until="2026-12-02T00:00:00Z")),
        )
    )
    world.offer(second, person)
    world.grant(second, world.person())
    counts = home_counts(world.ports, performer=person.id)
    assert (counts.companies, counts.active, counts.paused, counts.requests) == (3, 5, 0, 1)
    world.clock.forward(days=2)
    told = {"livemode": True, "performer": person.id}
    suspend_on_session(world.ports, grant=three, **told)
    revoke_on_session(world.ports, grant=four, **told)
    begin_revocation(world.ports, grant=one, authority="link", **told)
    counts = home_counts(world.ports, performer=person.id)
    assert (counts.companies, counts.active, counts.paused, counts.ending) == (1, 1, 2, 1)


def test_consents_come_in_pages_newest_first_each_once(world: "World") -> None:
    from consent.registry.operations.end_on_session import revoke_on_session
    from consent.registry.queries.pages import consents_page

    person, organization = world.person(), world.organization()
    grants = []
    for place in range(5):
        grants.append(str(world.grant(organization, person).grant))
        if place % 2:
            world.clock.forward(seconds=1)  # some were signed in one instant
    world.grant(organization, world.person())
    seen: list[str] = []
    after = None
    while True:
        page = consents_page(world.ports, performer=person.id, after=after, limit=2)
        seen += [row.grant for row in page.rows]
        if (after := page.next) is None:
            break
    assert sorted(seen) == sorted(grants)
    whole = consents_page(world.ports, performer=person.id)
    assert [row.grant for row in whole.rows] == seen and whole.next is None
    assert seen[0] == grants[4]
    row = whole.rows[0]
    assert (row.organization_name, row.performer_name, row.reads) == (
        "Northlight Audio GmbH",
        "Ada Quill",
        "active",
    )
    assert "train.voice" in row.uses
    revoke_on_session(world.ports, livemode=True, performer=person.id, grant=grants[0])
    standing = consents_page(world.ports, performer=person.id, standing=True)
    ended = consents_page(world.ports, performer=person.id, standing=False)
    assert grants[0] not in {row.grant for row in standing.rows}
    assert [(row.grant, row.reads, row.state) for row in ended.rows] == [(grants[0], "ended", "revoked")]
    # A cursor of somebody else's is no cursor.
    stranger = world.person()
    assert consents_page(world.ports, performer=stranger.id, after=grants[0]).rows == ()


def test_a_consent_says_who_pauses_it_and_when_it_ends_unless_that_is_cancelled(world: "World") -> None:
    from consent.registry.operations.cancel_revocation import begin_revocation
    from consent.registry.operations.suspend_grant import suspend_by_holder
    from consent.registry.queries.pages import consent

    person = world.person(passkey=True)
    grant = str(world.grant(world.organization(), person).grant)
    suspend_by_holder(world.ports, livemode=True, grant=grant, holder="guild:voices", reason="Strike.")
    begun = begin_revocation(world.ports, livemode=True, performer=person.id, grant=grant, authority="link")
    row = consent(world.ports, performer=person.id, grant=grant)
    assert row is not None
    assert (row.reads, row.holders) == ("paused", ("guild:voices", "performer"))
    assert (row.ending, row.ending_at) == (begun.revocation, begun.due_at)
    assert consent(world.ports, performer=world.person().id, grant=grant) is None
    assert consent(world.ports, performer=person.id, grant="grt_nothing") is None


def test_an_adult_consent_says_from_when_it_can_be_confirmed(world: "World") -> None:
    from datetime import timedelta

    from consent.registry.queries.pages import consent
    from tests.registry.terms import ADULT, terms

    person = world.person(passkey=True)
    offer = world.offer(world.organization(), person, terms(ADULT))
    grant = str(world.sign(person, offer).grant)
    row = consent(world.ports, performer=person.id, grant=grant)
    assert row is not None and row.adult
    assert (row.reads, row.confirm_from) == ("signed", world.clock.now + timedelta(hours=12))


def test_a_term_that_ran_out_reads_as_ended_before_the_sweep(world: "World") -> None:
    from consent.registry.queries.pages import consent
    from tests.registry.terms import TRAIN, terms

    person = world.person()
    grant = str(
        world.grant(world.organization(), person, terms(TRAIN, valid_until="2026-12-02T00:00:00Z")).grant
    )
    world.clock.forward(days=2)
    row = consent(world.ports, performer=person.id, grant=grant)
    assert row is not None and (row.reads, row.state, row.since) == ("ended", "active", row.valid_until)


def test_requests_are_those_that_wait_for_an_answer(world: "World") -> None:
    from consent.registry.operations.close_offer import decline_offer
    from consent.registry.queries.pages import requests_open

    person, organization = world.person(), world.organization()
    waiting, declined = world.offer(organization, person), world.offer(organization, person)
    decline_offer(world.ports, livemode=True, performer=person.id, offer=declined)
    world.grant(organization, person)
    rows = requests_open(world.ports, performer=person.id)
    assert [(row.offer, row.state, row.organization_name) for row in rows] == [
        (waiting, "viewed", "Northlight Audio GmbH")
    ]
    assert "train.voice" in rows[0].uses


@pytest.mark.parametrize("read", ["home_counts", "consents_page", "consent", "timeline", "licensee_timeline"])
def test_no_page_tells_of_a_stop_before_it_is_enforced(world: "World", waits: list[float], read: str) -> None:
    from consent.registry.operations.submit_statement import write_statement
    from consent.registry.queries import pages
    from consent.registry.queries import timeline as timelines

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    write_statement(world.ports, envelope=person.key.sign(world.about("revocation", grant, person.key)))
    assert waits == []
    calls = {
        "home_counts": lambda: pages.home_counts(world.ports, performer=person.id),
        "consents_page": lambda: pages.consents_page(world.ports, performer=person.id),
        "consent": lambda: pages.consent(world.ports, performer=person.id, grant=grant),
        "timeline": lambda: timelines.timeline(world.ports, performer=person.id, grant=grant),
        "licensee_timeline": lambda: timelines.licensee_timeline(
            world.ports, livemode=True, organization=organization, grant=grant
        ),
    }
    calls[read]()
    assert sum(waits) >= WAIT_S
    waits.clear()
    calls[read]()
    assert waits == []


def test_a_list_costs_the_same_queries_however_long_it_is(world: "World") -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from consent.registry.queries import pages

    person, organization = world.person(), world.organization()
    costs = []
    for count in (1, 6):
        for _ in range(count):
            world.grant(organization, person)
            world.offer(organization, person)
        with CaptureQueriesContext(connection) as captured:
            pages.home_counts(world.ports, performer=person.id)
            pages.consents_page(world.ports, performer=person.id)
            pages.requests_open(world.ports, performer=person.id)
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 10
