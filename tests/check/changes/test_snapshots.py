"""Snapshots are read in pieces while everything goes on, and cursors of any age lead somewhere right."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import TRAIN, terms

if TYPE_CHECKING:
    from tests.check.changes.house import FeedHouse


@pytest.fixture
def pages_of_two(feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch) -> None:
    """Two subjects a page."""
    from consent.check.changes import primary

    monkeypatch.setattr(primary, "PAGE_SUBJECTS", 2)


@pytest.mark.usefixtures("pages_of_two")
def test_a_snapshot_that_was_read_in_pieces_is_not_called_fresh(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization = world.organization()
    grants = {}
    for _ in range(5):
        person = world.person()
        grants[str(world.grant(organization, person).grant)] = person
    reader = feed_house.reader(organization)
    first = reader.poll()
    assert (first.snapshot, first.first, first.fresh, first.more, first.through) == (
        True,
        True,
        False,
        True,
        None,
    )
    for grant, person in grants.items():
        world.say("revocation", grant, person.key)  # some of what was told already, and some of what was not
    while reader.page is not None:
        page = reader.poll()
        assert page.snapshot and not page.first and not page.fresh and page.more
        assert (page.from_n, page.to_n) == (first.from_n, first.from_n)
    assert reader.through == first.position
    page = reader.poll()
    assert page.fresh and [event.event for event in page.events] == ["grant.ended"] * 5
    assert reader.knows() == feed_house.expected(organization)
    assert not any(subject.grants for subject in reader.knows().values())


def test_a_snapshot_of_one_page_is_fresh_at_once(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    page = feed_house.reader(organization).poll()
    assert page.snapshot and page.first and page.fresh and not page.more
    assert page.through == page.position


def test_pages_are_cut_by_their_size_too(feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.check.changes import primary

    monkeypatch.setattr(primary, "PAGE_BYTES", 1)
    world = feed_house.world
    licensee, host = world.organization(), world.organization()
    for _ in range(3):
        world.grant(licensee, world.person(), terms(TRAIN, recipients=[{"id": host, "role": "host"}]))
    for organization in (licensee, host):
        reader = feed_house.reader(organization)
        reader.follow()
        assert [len(page.subjects) for page in reader.pages if page.snapshot] == [1, 1, 1]
        assert reader.knows() == feed_house.expected(organization)


@pytest.mark.usefixtures("pages_of_two")
def test_a_page_token_is_good_for_its_own_reader_only(feed_house: "FeedHouse") -> None:
    from consent.core.wire.problem import ApiError

    world = feed_house.world
    one, other = world.organization(), world.organization()
    for _ in range(3):
        person = world.person()
        world.reference(one, person)
        world.reference(other, person)
    token = feed_house.reader(one).ask().page
    assert token is not None
    for bad in (token[:-2] + "AA", "A", token + "A"):
        with pytest.raises(ApiError, match="page_invalid"):
            feed_house.reader(one).ask(page=bad)
    with pytest.raises(ApiError, match="page_invalid"):
        feed_house.reader(other).ask(page=token)
    assert str(person.id) not in token


def test_a_cursor_that_is_too_old_is_answered_with_a_snapshot(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.changes import primary

    monkeypatch.setattr(primary, "MAX_BEHIND", 4)
    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    reader.follow()
    world.grant(organization, person)
    assert not reader.ask(after=reader.through).snapshot
    world.grant(organization, person)
    assert reader.poll().first
    assert reader.knows() == feed_house.expected(organization)


def test_a_cursor_from_before_the_feed_is_answered_with_a_snapshot(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.changes import primary

    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    reader.follow()
    world.grant(organization, person)
    monkeypatch.setattr(primary, "begins_after", lambda livemode: 10**9)
    assert reader.poll().first


def test_a_cursor_never_expires(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    reader.follow()
    for _ in range(4):
        world.grant(organization, person)
    world.clock.forward(days=4000)
    page = reader.poll()
    assert not page.snapshot and page.fresh and page.to_n == page.from_n + 9


def test_a_page_cut_by_a_limit_is_not_called_fresh(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.changes import primary

    monkeypatch.setattr(primary, "PAGE_EVENTS", 2)
    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    reader.follow()
    for _ in range(3):
        world.grant(organization, person)
    pages = [reader.poll() for _ in range(4)]
    assert [len(page.events) for page in pages] == [2, 2, 2, 1]
    assert [page.fresh for page in pages] == [False, False, False, True]
    assert [page.more for page in pages] == [True, True, True, False]
    assert reader.knows() == feed_house.expected(organization)


def test_each_page_of_a_snapshot_counts_as_ten_calls_and_a_poll_as_one(feed_house: "FeedHouse") -> None:
    reader = feed_house.reader(feed_house.world.organization())
    reader.poll()
    assert feed_house.cost == [9]
    reader.poll()
    assert feed_house.cost == [9]


def test_grants_from_before_the_feed_have_their_recipients_read_from_their_terms(
    feed_house: "FeedHouse",
) -> None:
    from importlib import import_module

    from django.db import connection, transaction

    world = feed_house.world
    licensee, host = world.organization(), world.organization()
    recipients = [{"id": host, "role": "host"}]
    world.grant(licensee, world.person(), terms(TRAIN, recipients=recipients))
    sql = import_module("consent.registry.migrations.0006_pre_feed").RECIPIENTS
    mine = (
        "SELECT grant_id, organization_id, performer_id FROM registry_grantrecipient WHERE licensee_id = %s"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(mine, [licensee])
        written: Any = cursor.fetchall()
        cursor.execute("DELETE FROM registry_grantrecipient")
        cursor.execute(sql[sql.rindex("INSERT INTO registry_grantrecipient") :])
        cursor.execute(mine, [licensee])
        assert cursor.fetchall() == written != []
        transaction.set_rollback(True)
