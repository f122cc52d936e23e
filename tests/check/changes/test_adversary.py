"""Who would abuse the feed, and what they get: nothing of others, and no more of this process than their share."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import TRAIN, terms

if TYPE_CHECKING:
    from tests.check.changes.house import FeedHouse


def test_a_cursor_of_another_organization_gives_nothing_of_theirs(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    one, other = world.organization(), world.organization()
    theirs, mine = feed_house.reader(one), feed_house.reader(other)
    theirs.follow()
    mine.follow()
    world.grant(one, world.person())
    theirs.follow()
    for at_primary in (True, False):
        if not at_primary:
            feed_house.feeder.turn()
            feed_house.feeder.turn()
        page = mine.ask(after=theirs.through)
        assert (page.events, page.subjects, page.from_n, page.to_n) == ([], [], 0, 0)
        assert page.aud == other


def test_a_cursor_of_the_other_side_is_none(feed_house: "FeedHouse") -> None:
    from consent.log.errors import PositionInvalidError

    world = feed_house.world
    live = feed_house.reader(world.organization())
    live.follow()
    feed_house.world = world.other_side()
    tester = feed_house.reader(feed_house.world.organization())
    tester.follow()
    with pytest.raises(PositionInvalidError):
        tester.ask(after=live.through)
    feed_house.feeder.turn()
    with pytest.raises(PositionInvalidError):
        tester.ask(after=live.through)


def test_a_cursor_ahead_of_the_registry_or_off_its_history_is_refused(feed_house: "FeedHouse") -> None:
    from dataclasses import replace

    from consent.log.errors import PositionConflictError
    from consent.log.heads import read_head

    world = feed_house.world
    reader = feed_house.reader(world.organization())
    reader.follow()
    feed_house.feeder.turn()
    reader.follow()
    head = read_head(world.livemode).position
    for bent in (replace(head, seq=head.seq + 7), replace(head, chain=bytes(32))):
        with pytest.raises(PositionConflictError):
            reader.ask(after=world.ports.log.tokens.encode(bent))


def test_a_cursor_ahead_of_this_node_costs_one_poll(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    elsewhere, here = feed_house.another_node(), feed_house
    readers = [here.reader(organization), elsewhere.reader(organization)]
    for reader in readers:
        reader.follow()
        reader.house.feeder.turn()
        reader.follow()
    world.grant(organization, person)
    elsewhere.feeder.turn()
    ahead = readers[1].follow()
    asked = here.primary.asked
    page = readers[0].ask(after=ahead.through)
    assert page.fresh and page.events == [] and page.position == ahead.position
    assert here.primary.asked == asked


def test_a_database_that_lost_history_is_never_followed(feed_house: "FeedHouse") -> None:
    feed_house.feeder.turn()
    reader = feed_house.reader(feed_house.world.organization())
    reader.follow()
    feed_house.feeder.turn()
    reader.follow()
    asked = feed_house.primary.asked
    for follower in feed_house.feeder._followers:
        follower.begin_anew()  # as the feeder does when the guard says so, and in a forked child
    reader.follow()
    assert feed_house.primary.asked == asked + 1


def test_what_does_not_fit_in_memory_comes_from_the_primary(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.changes import follower, memory

    world = feed_house.world
    organization = world.organization()
    people = [world.person() for _ in range(4)]
    for setting, bound in (
        ((memory, "MAX_EVENTS"), 2),
        ((memory, "MAX_WINDOW_BYTES"), 100),
        ((memory, "MAX_BYTES"), 100),
        ((memory, "MAX_CHAINS"), 1),
        ((follower, "MAX_TOUCHED"), 0),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(*setting, bound)
            reader = feed_house.reader(organization)
            reader.follow()
            feed_house.feeder.turn()
            reader.follow()
            for person in people:
                world.grant(organization, person)
                feed_house.feeder.turn()
            asked = feed_house.primary.asked
            reader.follow()
            assert feed_house.primary.asked > asked, setting
            assert reader.knows() == feed_house.expected(organization)
            windows = feed_house.memory._sides[True].windows
            assert sum(window.size for window in windows.values()) <= memory.MAX_BYTES


def test_readers_who_stop_asking_are_forgotten(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    for _ in range(3):
        feed_house.reader(world.organization()).follow()
    feed_house.feeder.turn()
    assert feed_house.memory.readers() == 3
    assert len(feed_house.memory._sides[True].windows) == 3
    feed_house.boot.now += 61
    feed_house.feeder.turn()
    assert feed_house.memory.readers() == 0
    assert not feed_house.memory._sides[True].windows


def test_more_organizations_than_fit_are_answered_from_the_primary(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.changes import memory

    monkeypatch.setattr(memory, "MAX_READERS", 1)
    world = feed_house.world
    first, second = (feed_house.reader(world.organization()) for _ in range(2))
    for reader in (first, second):
        reader.follow()
    feed_house.feeder.turn()
    for reader in (first, second):
        reader.follow()
    assert feed_house.memory.readers() == 1
    world.grant(second.organization, world.person())
    second.follow()
    assert second.knows() == feed_house.expected(second.organization)


def test_too_many_pages_from_the_primary_at_once_are_refused(feed_house: "FeedHouse") -> None:
    from consent.core.wire.problem import ApiError

    reader = feed_house.reader(feed_house.world.organization())
    with ExitStack() as others:
        for name in ("org_one", "org_two"):
            others.enter_context(feed_house.feed._snapshots.taken(name))
        with pytest.raises(ApiError, match="too many pages") as refused:
            reader.poll()
        assert refused.value.code == "unavailable"
    assert reader.poll().fresh


def test_one_organization_reads_one_page_of_snapshots_at_once_and_leaves_a_place_to_others(
    feed_house: "FeedHouse",
) -> None:
    from consent.core.wire.problem import ApiError

    busy, other = (feed_house.reader(feed_house.world.organization()) for _ in range(2))
    with feed_house.feed._snapshots.taken(busy.organization):
        with pytest.raises(ApiError, match="your organization reads 1 at once"):
            busy.poll()
        assert other.poll().fresh
    assert busy.poll().fresh


def test_a_forked_child_has_every_place_and_knows_nothing(feed_house: "FeedHouse") -> None:
    import os

    from django.db import connection

    reader = feed_house.reader(feed_house.world.organization())
    reader.follow()
    feed_house.feeder.turn()
    connection.close()  # a child must not speak on its parent's connection
    with feed_house.feed._snapshots.taken(reader.organization):
        child = os.fork()
        if not child:
            with feed_house.feed._snapshots.taken(reader.organization):
                os._exit(0 if feed_house.memory.readers() == 0 else 1)
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
    assert feed_house.memory.readers() == 1


def test_rows_that_somebody_put_into_the_recipients_open_nothing(feed_house: "FeedHouse") -> None:
    from consent.registry.models import Grant, GrantRecipient

    world = feed_house.world
    licensee, thief, person = world.organization(), world.organization(), world.person()
    grant = str(world.grant(licensee, person, terms(TRAIN)).grant)
    never: list[Any] = [{"purposes": ["political"]}]
    world.submit(person.key.sign(world.limits(person.key, version=1, previous=None, never=never)))
    row = Grant.objects.get(id=grant)
    GrantRecipient.objects.create(
        livemode=True, grant=row, organization_id=thief, licensee_id=licensee, performer_id=person.id
    )
    (subject,) = feed_house.reader(thief).poll().subjects
    assert (subject.grants, subject.ended, subject.limits) == ([], [], None)
    assert (subject.ever_signed, subject.prior_record, subject.deceased_at) == (False, False, None)


def test_limits_that_do_not_open_deny_everything_to_readers_too(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.core.terms import LimitsTerms
    from consent.registry import pair_facts

    world = feed_house.world
    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    unreadable = LimitsTerms.from_json(None)
    monkeypatch.setattr(pair_facts, "load_limits", lambda versions, **_: dict.fromkeys(versions, unreadable))
    (subject,) = feed_house.reader(organization).poll().subjects
    assert subject.limits is not None and LimitsTerms.from_json(subject.limits).unknown


def test_a_failing_key_store_stops_the_feed_and_not_the_checks(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.changes import follower
    from consent.log.errors import KeyStoreUnavailableError

    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    reader.follow()
    feed_house.feeder.turn()
    reader.follow()
    world.grant(organization, person)

    def failing(keys: Any, **_: Any) -> Any:
        raise KeyStoreUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(follower, "load_subjects", failing)
        assert feed_house.feeder.turn()
    asked = feed_house.primary.asked
    reader.follow()
    assert feed_house.primary.asked == asked + 1
    assert reader.knows() == feed_house.expected(organization)
