"""Whoever has to be told is numbered in the event's own transaction: no number twice, none missing, in order of seq."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import TRAIN, terms
from tests.registry.threads import race, split

if TYPE_CHECKING:
    from tests.registry.world import World

ROUNDS = 6


def _rows(organization: str) -> list[tuple[int, int, str]]:
    from consent.registry.models import FeedEntry

    rows = FeedEntry.objects.filter(organization_id=organization).order_by("n")
    return list(rows.values_list("n", "seq", "event"))


def test_concurrent_writers_leave_no_gap_and_keep_the_order_of_history(world: "World") -> None:
    from consent.log.models import Event
    from consent.registry.models import FeedCounter

    licensee, host = world.organization(), world.organization()
    people = [world.person() for _ in range(4)]
    recipients = [{"id": host, "role": "host"}]
    for _ in range(ROUNDS):
        prepared = [
            (
                person,
                world.prepare(person, world.offer(licensee, person, terms(TRAIN, recipients=recipients))),
            )
            for person in people
        ]
        envelopes = [person.key.sign(each.body) for person, each in prepared]
        _, lost = split(race(*(lambda e=each: world.submit(e) for each in envelopes)))
        assert not lost
        ends = [
            person.key.sign(world.about("revocation", each.grant, person.key)) for person, each in prepared
        ]
        _, lost = split(race(*(lambda e=each: world.submit(e) for each in ends)))
        assert not lost
    for organization in (licensee, host):
        rows = _rows(organization)
        assert [n for n, _, _ in rows] == list(range(1, len(rows) + 1))
        assert [seq for _, seq, _ in rows] == sorted(seq for _, seq, _ in rows)
        assert FeedCounter.objects.get(organization_id=organization).n == len(rows)
        told = {seq for _, seq, event in rows if event.startswith("grant.")}
        grants = Event.objects.filter(organization_id=licensee, kind__startswith="grant.")
        assert told == set(grants.values_list("seq", flat=True))
        assert len(told) == ROUNDS * len(people) * 3


def test_what_was_rolled_back_took_no_number(world: "World") -> None:
    from consent.log.transaction import history_transaction
    from consent.registry.history import pair_event
    from consent.registry.models import Performer

    organization, person = world.organization(), world.person()
    world.reference(organization, person)
    row = Performer.objects.get(id=person.id)
    with pytest.raises(RuntimeError), history_transaction(True, world.ports.log) as tx:
        tx.append(pair_event("grant.paused", row, organization, {}, denies=False))
        raise RuntimeError
    with history_transaction(True, world.ports.log) as tx:
        for _ in range(3):  # a range, appended by one statement
            tx.append(pair_event("grant.paused", row, organization, {}, denies=False))
    assert [n for n, _, _ in _rows(organization)] == [1, 2, 3, 4]


def test_an_event_that_nobody_foresaw_is_told_without_its_name(world: "World") -> None:
    from consent.log.transaction import history_transaction
    from consent.registry.history import pair_event, performer_event
    from consent.registry.models import Performer

    licensee, host, person = world.organization(), world.organization(), world.person()
    world.grant(licensee, person, terms(TRAIN, recipients=[{"id": host, "role": "host"}]))
    row = Performer.objects.get(id=person.id)
    before = len(_rows(licensee))
    with history_transaction(True, world.ports.log) as tx:
        tx.append(pair_event("grant.secretly_marked", row, licensee, {}, denies=False))
        tx.append(performer_event("performer.died", row, {}, denies=False))
    assert [event for _, _, event in _rows(licensee)[before:]] == ["changed", "changed"]
    assert [event for _, _, event in _rows(host)[-2:]] == ["changed", "changed"]


def test_every_kind_of_event_is_either_told_or_changes_no_facts() -> None:
    """Whoever adds a kind decides here whether readers hear of it; without that they do, without its name."""
    import re
    from importlib import import_module
    from pathlib import Path

    from consent.core.wire.changes import EVENTS

    migration: Any = import_module("consent.registry.migrations.0008_pre_erasure")
    quiet = set(re.findall(r"'([a-z_.]+)'", migration._QUIET))
    told = set(re.findall(r"'([a-z_.]+)'", migration._TOLD))
    assert told == set(EVENTS) and not quiet & told
    source = "".join(path.read_text() for path in Path("consent/registry").rglob("*.py"))
    kinds = set(re.findall(r'(?:pair|performer|grant|offer)_event\(\s*f?"([a-z_.]+)"', source))
    assert kinds and kinds <= quiet | told, kinds - quiet - told


def test_the_feed_is_append_only(world: "World") -> None:
    from django.db import IntegrityError, connection, transaction

    world.reference(world.organization(), world.person())
    for statement in ("UPDATE registry_feedentry SET n = n + 1", "DELETE FROM registry_feedentry"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
