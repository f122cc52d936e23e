"""The drill where objects are in a bucket and record keys in a second PostgreSQL: on real servers of both kinds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from tests.contract import servers
from tests.faults.backup_place import Place, ask, checks_of, empty_place, terms_of_now, verify
from tests.log.history import database_url, new_database

REASON = "A drill: the machine was taken away, the bucket and the backups were not."


@dataclass
class Story:
    """A registry that was backed up with its objects, and has told something since."""

    place: Place
    backups: Path
    organization: str
    reference: str
    receipt: str
    later_receipt: str
    identity: str
    objects: set[str]


@pytest.fixture(scope="module", params=servers.KINDS)
def bucket(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty bucket as a setting; a prefix may follow."""
    if servers.program(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    with getattr(servers, request.param)(tmp_path_factory.mktemp(request.param)) as url:
        yield f"s3://{servers.ACCESS_KEY}:{servers.SECRET_KEY}@{urlsplit(url).netloc}/{servers.BUCKET}"


@pytest.fixture
def key_database(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL for keys of a restore."""
    with new_database(postgres_server) as name:
        yield database_url(postgres_server, name)


@pytest.fixture(scope="module")
def story(
    database: str, bucket: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    from consent.server.backup.making import make_backup
    from consent.server.preparing import prepare
    from consent.server.stores import open_key_archive
    from tests.registry.world import Clock, World

    folder = tmp_path_factory.mktemp("drill")
    with (
        new_database(postgres_server) as keys,
        empty_place(
            postgres_server,
            folder / "first",
            objects=folder / "never",
            object_store=f"{bucket}/first?tls=off",
            key_store=database_url(postgres_server, keys),
        ) as place,
    ):
        wiring = prepare(place.settings())
        world, checks = World(ports=wiring.registry, clock=Clock()), checks_of(wiring)
        organization, person = world.organization(), world.person()
        world.grant(organization, person, terms_of_now())
        reference = world.reference(organization, person)
        before = ask(checks, organization, reference)
        assert before.decision == "allow", before.reasons
        wiring.registry.log.objects.put("zz/of-the-drill", b"an object", immutable=True)
        objects = set(wiring.registry.log.objects.keys(""))
        make_backup(wiring, folder / "backups", with_objects=True)
        later = world.person(stage_name="Later Voice")
        world.grant(organization, later, terms_of_now())
        after = ask(checks, organization, world.reference(organization, later))
        assert not (folder / "never").exists() and not (folder / "first" / "key-store").exists()
        yield Story(
            place=place,
            backups=folder / "backups",
            organization=organization,
            reference=reference,
            receipt=before.receipt,
            later_receipt=after.receipt,
            identity=open_key_archive(place.settings()).identity(),
            objects=objects,
        )


@pytest.fixture
def other_place(
    story: Story, bucket: str, key_database: str, postgres_server: str, tmp_path: Path
) -> Iterator[Place]:
    """Another machine, with an empty key store; its object store is the one that survived."""
    with empty_place(
        postgres_server,
        tmp_path / "second",
        objects=tmp_path / "never",
        secrets_of=story.place,
        object_store=story.place.object_store,
        key_store=key_database,
    ) as place:
        yield place
        assert not (tmp_path / "never").exists() and not (place.root / "key-store").exists()


def _restore(story: Story, place: Place) -> Any:
    from consent.server.backup.restoring import restore

    return restore(place.settings(), story.backups, now=datetime.now(UTC))


def _answers(story: Story, wiring: Any) -> str:
    """What a check decides; its receipt and both older ones verify."""
    answer = ask(checks_of(wiring), story.organization, story.reference)
    for receipt in (answer.receipt, story.receipt, story.later_receipt):
        verify(receipt, wiring.trust())
    return str(answer.decision)


def _every_event_opens(wiring: Any) -> None:
    from consent.log.events import open_event
    from consent.log.models import Event
    from consent.log.verify import verify_history

    for side in (True, False):
        verify_history(side)
        for row in Event.objects.filter(livemode=side):
            open_event(row, ports=wiring.registry.log)


def test_a_key_database_that_holds_a_key_is_not_restored_over(story: Story, other_place: Place) -> None:
    from consent.server.backup.errors import NotEmptyError
    from consent.server.stores import open_key_store

    open_key_store(other_place.settings()).create("of_somebody", b"key")
    with pytest.raises(NotEmptyError, match="key store"):
        _restore(story, other_place)


def test_an_empty_bucket_gets_the_objects_back_but_for_the_guard(
    story: Story, other_place: Place, bucket: str
) -> None:
    from consent.log.errors import GuardMissingError
    from consent.server.backup.names import GUARD
    from consent.server.commands.restore import _declare
    from consent.server.preparing import prepare
    from consent.server.stores import open_key_archive, open_objects
    from consent.server.wiring import make_wiring

    other_place.object_store = f"{bucket}/lost-{other_place.root.parent.name}?tls=off"
    done = _restore(story, other_place)
    wanted = {name for name in story.objects if not name.startswith(GUARD)}
    assert done.objects == len(wanted) and done.missing_objects == ()
    objects = open_objects(other_place.settings())
    assert wanted <= set(objects.keys("")) and objects.get("zz/of-the-drill") == b"an object"
    assert [each.lost for each in done.missing if each.livemode] == [None]  # nobody knows what was told
    assert open_key_archive(other_place.settings()).identity() == story.identity
    with pytest.raises(GuardMissingError):
        prepare(other_place.settings())
    _declare(other_place.settings(), reason=REASON)
    wiring = make_wiring(other_place.settings())
    _every_event_opens(wiring)
    assert _answers(story, wiring) == "allow"


def test_a_bucket_that_survived_tells_what_is_missing_and_which_keys_were_destroyed(
    story: Story, other_place: Place
) -> None:
    from consent.log.errors import RecordDestroyedError, RolledBackError
    from consent.server.backup.restoring import ports_of
    from consent.server.commands.restore import _declare
    from consent.server.preparing import prepare
    from consent.server.wiring import make_wiring

    ports_of(story.place.settings()).erasures.note(
        at=datetime.now(UTC), performer=UUID(int=0), records=["never_had_a_key", "nor_had_this"]
    )
    done = _restore(story, other_place)
    assert done.objects == 0 and done.missing_objects == ()
    live = next(each for each in done.missing if each.livemode)
    assert live.lost is not None and live.lost > live.kept
    for gone in ("never_had_a_key", "nor_had_this"):
        with pytest.raises(RecordDestroyedError):
            ports_of(other_place.settings()).sealer.seal(gone, b"x", purpose="anything")
    wiring = prepare(other_place.settings())
    _every_event_opens(wiring)
    with pytest.raises(RolledBackError):
        ask(checks_of(wiring), story.organization, story.reference)
    _declare(other_place.settings(), reason=REASON)
    assert _answers(story, make_wiring(other_place.settings())) == "allow"
