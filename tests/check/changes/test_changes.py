"""A reader who follows the feed knows what the registry knows, as soon as a fresh node does."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import COUNTED, INFER, TRAIN, terms

if TYPE_CHECKING:
    from tests.check.changes.house import FeedHouse


def test_a_reader_hears_of_a_grant_and_of_its_end(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    assert reader.follow().snapshot
    assert reader.knows() == {}
    grant = str(world.grant(organization, person).grant)
    page = reader.follow()
    assert not page.snapshot
    assert [event.event for event in page.events] == ["performer.introduced", "grant.signed", "grant.active"]
    ((subject),) = page.subjects
    assert [(each.grant, each.state, each.counted) for each in subject.grants] == [(grant, "active", False)]
    world.say("revocation", grant, person.key)
    page = reader.follow()
    assert [(event.event, event.grant) for event in page.events] == [("grant.ended", grant)]
    assert page.subjects[0].grants == [] and page.subjects[0].ended == [grant]
    assert page.subjects[0].ever_signed
    assert reader.knows() == feed_house.expected(organization)


def test_a_poll_is_answered_from_memory_once_the_node_follows(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    reader.follow()
    feed_house.feeder.turn()
    reader.follow()
    feed_house.feeder.turn()
    asked = feed_house.primary.asked
    world.grant(organization, person)
    feed_house.feeder.turn()
    assert [each.grants[0].state for each in reader.follow().subjects] == ["active"]
    for _ in range(10):
        page = reader.follow()
        assert (page.events, page.subjects, page.from_n) == ([], [], page.to_n)
    assert feed_house.primary.asked == asked
    assert reader.knows() == feed_house.expected(organization)


def test_a_stale_node_tells_nothing_from_memory(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    reader = feed_house.reader(organization)
    reader.follow()
    feed_house.feeder.turn()
    reader.follow()
    asked = feed_house.primary.asked
    feed_house.boot.now += 0.299
    reader.follow()
    assert feed_house.primary.asked == asked
    world.say("revocation", grant, person.key)  # the wait alone lets the node's facts go stale
    page = reader.follow()
    assert feed_house.primary.asked == asked + 1
    assert page.subjects[0].grants == []


def test_a_stale_node_without_a_primary_says_nothing_at_all(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    reader = feed_house.reader(feed_house.world.organization())
    reader.follow()
    feed_house.feeder.turn()
    reader.follow()
    feed_house.boot.now += 1

    def down(*_: Any, **__: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(feed_house.primary, "follow", down)
    with pytest.raises(OperationalError):
        reader.poll()


def test_a_change_that_the_node_has_not_read_is_not_called_known(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    reader.follow()
    feed_house.feeder.turn()
    reader.follow()
    world.grant(organization, person)
    before = reader.follow()
    assert before.events == []
    feed_house.feeder.turn()
    after = reader.follow()
    assert before.position != after.position and [event.n for event in after.events] == [1, 2, 3]


def test_every_stop_reads_alike_and_names_nobody(feed_house: "FeedHouse") -> None:
    from consent.registry.operations.suspend_grant import resume_by_holder, suspend_by_holder

    world = feed_house.world
    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    reader = feed_house.reader(organization)
    reader.follow()
    world.say("suspension", grant, person.key)
    by_performer = reader.follow()
    world.say("resumption", grant, person.key)
    reader.follow()
    suspend_by_holder(
        world.ports, livemode=True, grant=grant, holder="order:case-17", reason="a judge said so"
    )
    by_court = reader.follow()
    for page in (by_performer, by_court):
        assert [event.event for event in page.events] == ["grant.paused"]
        assert [each.state for each in page.subjects[0].grants] == ["paused"]
        assert "judge" not in str(page) and "case-17" not in str(page) and str(person.id) not in str(page)
    resume_by_holder(world.ports, livemode=True, grant=grant, holder="order:case-17")
    assert [each.state for each in reader.follow().subjects[0].grants] == ["active"]


def test_what_changes_no_answer_is_not_told(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    reader = feed_house.reader(organization)
    world.reference(organization, person)
    reader.follow()
    world.offer(organization, person)
    world.verify(person.id)
    assert reader.follow().events == []


def test_limits_are_told_to_those_whom_they_touch_and_only_as_far_as_they_do(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    training, speaking, stranger = (world.organization() for _ in range(3))
    person = world.person()
    world.grant(training, person, terms(TRAIN))
    world.grant(speaking, person, terms(INFER))
    world.reference(stranger, person)
    readers = {each: feed_house.reader(each) for each in (training, speaking, stranger)}
    for reader in readers.values():
        reader.follow()
    never = [{"uses": ["train.voice"]}, {"purposes": ["political"]}, {"uses": ["edit.undress"]}]
    world.submit(person.key.sign(world.limits(person.key, version=1, previous=None, never=never)))
    told = {each: reader.follow() for each, reader in readers.items()}
    assert [event.event for event in told[training].events] == ["limits.changed"]
    assert told[training].subjects[0].limits is not None
    assert told[training].subjects[0].limits["never"] == never[:2]
    assert told[speaking].subjects[0].limits is not None
    assert told[speaking].subjects[0].limits["never"] == never[1:2]
    assert told[stranger].events == []
    # Whoever gets a grant later hears of the limits with it.
    world.grant(stranger, person, terms(TRAIN))
    assert readers[stranger].follow().subjects[0].limits is not None
    for each, reader in readers.items():
        assert reader.knows() == feed_house.expected(each)


def test_a_recipient_follows_the_grants_that_name_it_and_no_others(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    licensee, host = world.organization(), world.organization("Example Hosting")
    person = world.person()
    reader = feed_house.reader(host)
    reader.follow()
    recipients = [{"id": host, "role": "host"}]
    named = str(world.grant(licensee, person, terms(TRAIN, recipients=recipients)).grant)
    assert [event.event for event in reader.follow().events] == ["grant.signed", "grant.active"]
    other = str(world.grant(licensee, person, terms(INFER)).grant)
    assert reader.follow().events == []
    ((subject),) = reader.knows().values()
    assert (subject.licensee, subject.caller_reference) == (licensee, None)
    assert subject.performer == world.reference(licensee, person)
    assert [each.grant for each in subject.grants] == [named] and subject.ended == []
    world.say("revocation", other, person.key)
    assert reader.follow().events == []
    # Its own names for the performer serve for the licensee's grants too.
    from consent.registry.operations.references import set_external_id

    own = world.reference(host, person)
    set_external_id(world.ports, livemode=True, organization=host, performer=own, external_id="p225")
    page = reader.follow()
    assert {(event.event, event.licensee) for event in page.events} == {
        ("performer.introduced", host), ("performer.introduced", licensee),
        ("external_id.set", host), ("external_id.set", licensee),
    }  # fmt: skip
    assert {each.caller_reference for each in page.subjects} == {own}
    assert all(each.external_ids == ["p225"] for each in page.subjects)
    world.say("revocation", named, person.key)
    reader.follow()
    assert set(reader.knows()) == {(host, own)}
    assert reader.knows() == feed_house.expected(host)


def test_a_counted_grant_says_so_and_its_use_is_not_told(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization, person = world.organization(), world.person()
    world.grant(organization, person, terms(COUNTED))
    reader = feed_house.reader(organization)
    page = reader.follow()
    assert [each.counted for each in page.subjects[0].grants] == [True]


def test_the_page_tells_the_key_as_the_registry_completes_questions_with_it(feed_house: "FeedHouse") -> None:
    page = feed_house.reader(feed_house.world.organization()).follow()
    assert page.caller.context == {"territory": "DE"}
    assert page.caller.capabilities == ["label.audible", "mark.c2pa"]
    assert (page.caller.key, page.caller.scopes, page.caller.expires_at) == ("key_test", ["check"], None)


def test_a_turn_that_was_cut_tells_nothing_from_memory(
    feed_house: "FeedHouse", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import feeder

    world = feed_house.world
    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    reader = feed_house.reader(organization)
    reader.follow()
    feed_house.feeder.turn()
    reader.follow()
    world.say("suspension", grant, person.key)
    for _ in range(3):
        world.offer(organization, person)
    feed_house.feeder.turn()
    asked, stands = feed_house.primary.asked, reader.through
    world.say("resumption", grant, person.key)
    for _ in range(3):
        world.offer(organization, person)
    with monkeypatch.context() as patch:
        patch.setattr(feeder, "PAGE", 2)
        assert not feed_house.feeder.turn()
        reader.follow()
        assert feed_house.primary.asked == asked + 1
        assert reader.knows() == feed_house.expected(organization)
    assert reader.through != stands
