"""The drill: back up a real registry, go on writing, lose it, restore it, and hold what comes back to the promises."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.faults.backup_place import Place, ask, checks_of, empty_place, terms_of_now, verify

REASON = "A drill: the machine was taken away, and the newest backup is a few minutes older."


@dataclass
class Story:
    """A registry with one consent that was backed up, and one that was made after it."""

    place: Place
    backups: Path
    organization: str
    reference: str
    grant: str
    later_grant: str
    package: bytes
    receipt: str
    later_receipt: str
    trust: bytes
    backed_up_at: int


@pytest.fixture(scope="module")
def story(database: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    from consent.log.heads import read_head
    from consent.registry.operations.read_package import read_package
    from consent.server.backup.making import make_backup
    from consent.server.preparing import prepare
    from tests.registry.world import Clock, World

    folder = tmp_path_factory.mktemp("drill")
    with empty_place(postgres_server, folder / "first", objects=folder / "objects") as place:
        wiring = prepare(place.settings())
        world = World(ports=wiring.registry, clock=Clock())
        checks = checks_of(wiring)
        organization, person = world.organization(), world.person()
        grant = world.grant(organization, person, terms_of_now()).grant
        reference = world.reference(organization, person)
        before = ask(checks, organization, reference)
        assert before.decision == "allow", before.reasons
        made = make_backup(wiring, folder / "backups")
        head = read_head(True)
        assert made.header.heads["live"] == head.seq
        later_person = world.person(stage_name="Later Voice")
        later = world.grant(organization, later_person, terms_of_now()).grant
        after = ask(checks, organization, world.reference(organization, later_person))
        yield Story(
            place=place,
            backups=folder / "backups",
            organization=organization,
            reference=reference,
            grant=grant,
            later_grant=later,
            package=read_package(wiring.registry, livemode=True, grant=grant, organization=organization),
            receipt=before.receipt,
            later_receipt=after.receipt,
            trust=wiring.trust(),
            backed_up_at=head.seq,
        )


@pytest.fixture
def copy_of_objects(story: Story, tmp_path: Path) -> Path:
    """The object store as it survived; each test may change its own."""
    shutil.copytree(story.place.objects, tmp_path / "objects")
    return tmp_path / "objects"


@pytest.fixture
def new_place(story: Story, copy_of_objects: Path, postgres_server: str, tmp_path: Path) -> Iterator[Place]:
    """Another machine with an empty database, and the object store that survived."""
    with empty_place(
        postgres_server, tmp_path / "second", objects=copy_of_objects, secrets_of=story.place
    ) as place:
        yield place


def _restore(story: Story, place: Place, *, now: datetime | None = None) -> Any:
    from consent.server.backup.restoring import restore

    return restore(place.settings(), story.backups, now=now or datetime.now(UTC))


def _notes(story: Story, place: Place) -> Any:
    """The notes of erasures in the object store of `place`, as the registry of the story writes them."""
    from consent.log.ports import erasure_notes
    from consent.log.storage_file import FileObjectStore
    from consent.server.keys.derivation import derivation_secret

    settings = story.place.settings()
    derivation = derivation_secret(settings.storage.keys, opens=settings.secrets.opening)
    return erasure_notes(FileObjectStore(place.objects), derivation=derivation)


def test_what_was_backed_up_comes_back_whole(story: Story, new_place: Place) -> None:
    from consent.log.database_safety import check_database
    from consent.log.events import open_event
    from consent.log.models import Event
    from consent.log.verify import verify_history
    from consent.registry.operations.read_package import read_package
    from consent.server.preparing import prepare
    from signing.package import verify_package
    from signing.trust import parse_trust

    _restore(story, new_place)
    wiring = prepare(new_place.settings())
    check_database()
    for side in (True, False):
        verify_history(side)
        for row in Event.objects.filter(livemode=side):
            open_event(row, ports=wiring.registry.log)
    trust, at = wiring.trust(), datetime.now(UTC) + timedelta(minutes=1)
    assert {key.kid for key in parse_trust(story.trust).keys} == {key.kid for key in parse_trust(trust).keys}
    for package in (
        story.package,
        read_package(wiring.registry, livemode=True, grant=story.grant, organization=story.organization),
    ):
        verify_package(package, trust=parse_trust(trust), at=at)
    assert verify(story.receipt, trust) and verify(story.later_receipt, trust)


def test_a_restored_database_below_what_was_acknowledged_answers_nothing(
    story: Story, new_place: Place
) -> None:
    from consent.log.errors import RolledBackError
    from consent.server.preparing import prepare
    from consent.server.readiness import missing

    done = _restore(story, new_place)
    live = next(each for each in done.missing if each.livemode)
    assert live.kept == story.backed_up_at and live.lost is not None and live.lost > live.kept
    wiring = prepare(new_place.settings())
    with pytest.raises(RolledBackError):
        ask(checks_of(wiring), story.organization, story.reference)
    assert dict(missing(wiring.registry.log, wiring.ring)) == {"history": "rolled_back"}


def test_missing_history_that_comes_back_is_answered_from(
    story: Story, postgres_server: str, tmp_path: Path, copy_of_objects: Path
) -> None:
    from consent.server.backup.making import make_backup
    from consent.server.wiring import make_wiring
    from tests.log.history import connected_to

    # The copy remembers the newer backup; the store that the other tests copy does not.
    first = replace(story.place, objects=copy_of_objects)
    with connected_to(story.place.database):
        newer = make_backup(make_wiring(first.settings()), tmp_path / "newer")
    with empty_place(
        postgres_server, tmp_path / "third", objects=copy_of_objects, secrets_of=story.place
    ) as place:
        from consent.server.backup.restoring import restore
        from consent.server.preparing import prepare

        done = restore(place.settings(), newer.data.parent, now=datetime.now(UTC))
        assert done.missing == ()
        answered = ask(checks_of(prepare(place.settings())), story.organization, story.reference)
        assert answered.decision == "allow"


def test_a_newer_backup_that_is_somewhere_else_is_missed(
    story: Story, new_place: Place, tmp_path: Path
) -> None:
    from django.db import connection

    from consent.server.backup.checking import require_empty
    from consent.server.backup.errors import OlderError
    from consent.server.backup.making import make_backup
    from consent.server.backup.restoring import restore
    from consent.server.wiring import make_wiring
    from tests.log.history import connected_to

    first = replace(story.place, objects=new_place.objects)
    until = time.monotonic() + 60
    while datetime.now(UTC) < survey_of(story).made_at + timedelta(seconds=1):  # headers count whole seconds
        assert time.monotonic() < until
        time.sleep(0.1)
    with connected_to(story.place.database):
        newer = make_backup(make_wiring(first.settings()), tmp_path / "elsewhere")
    with pytest.raises(OlderError, match="as the object store remembers"):
        _restore(story, new_place)
    require_empty(new_place.settings())
    connection.close()
    done = restore(new_place.settings(), story.backups, now=datetime.now(UTC), allow_older=True)
    assert done.header.backup == survey_of(story).backup != newer.header.backup
    assert len(done.passed_over) == 1


def survey_of(story: Story) -> Any:
    """The header of the story's one backup."""
    from consent.server.backup.finding import survey

    return survey(story.backups)[0].pair()[0].header


def test_a_declared_loss_lets_the_registry_go_on_and_says_what_was_lost(
    story: Story, new_place: Place
) -> None:
    from consent.log.new_history import declare_loss, losses
    from consent.registry.models import Grant
    from consent.server.backup.restoring import missing_history, ports_of
    from consent.server.preparing import prepare
    from tests.registry.world import Clock, World

    done = _restore(story, new_place)
    lost = next(each.lost for each in done.missing if each.livemode)
    declare_loss(ports_of(new_place.settings()), reason=REASON)
    assert missing_history(ports_of(new_place.settings())) == ()
    wiring = prepare(new_place.settings())
    checks = checks_of(wiring)
    answered = ask(checks, story.organization, story.reference)
    assert answered.decision == "allow"
    assert verify(answered.receipt, wiring.trust())
    assert not Grant.objects.filter(id=story.later_grant).exists()
    told = next(each for each in losses(wiring.registry.log) if each.livemode)
    assert (told.kept, told.lost, told.reason) == (story.backed_up_at, lost, REASON)
    world = World(ports=wiring.registry, clock=Clock())
    assert world.grant(story.organization, world.person(stage_name="Third Voice"), terms_of_now()).grant


def test_keys_destroyed_after_the_backup_do_not_come_back(story: Story, new_place: Place) -> None:
    from consent.log.errors import RecordDestroyedError
    from consent.log.models import Event
    from consent.server.backup.restoring import ports_of
    from tests.log.history import connected_to

    with connected_to(story.place.database):
        record = Event.objects.get(livemode=True, seq=story.backed_up_at).record
    _notes(story, new_place).note(
        at=datetime.now(UTC),
        performer=UUID("00000000-0000-4000-8000-000000000000"),
        records=[record, "never_had_a_key"],
    )
    assert [each.records for each in _restore(story, new_place).erasures] == [
        tuple(sorted([record, "never_had_a_key"]))
    ]
    sealer = ports_of(new_place.settings()).sealer
    for gone in (record, "never_had_a_key"):
        with pytest.raises(RecordDestroyedError):
            sealer.seal(gone, b"x", purpose="anything")


def test_a_person_who_was_erased_after_the_backup_does_not_come_back(story: Story, new_place: Place) -> None:
    from django.db import connection

    from consent.registry.models import Credential, Grant, IdentityRecord, Performer
    from consent.server.commands.restore import _declare
    from consent.server.preparing import prepare
    from consent.server.wiring import make_wiring
    from tests.log.history import connected_to

    with connected_to(story.place.database):
        grant = Grant.objects.get(id=story.grant)
        person = Performer.objects.get(id=grant.performer_id)
        thumbprint = Credential.objects.get(performer=person).thumbprint
        records = [person.record, IdentityRecord.objects.get(performer=person).record]
    _notes(story, new_place).note(at=datetime.now(UTC), performer=person.id, records=records)
    _restore(story, new_place)
    prepare(new_place.settings())  # rolled back still: the keys are gone, the rows wait
    assert Performer.objects.filter(id=person.id).exists()
    _declare(new_place.settings(), reason=REASON)
    wiring = make_wiring(new_place.settings())  # a check node, that starts before anything else
    assert ask(checks_of(wiring), story.organization, story.reference).decision == "deny"
    assert not Credential.objects.filter(thumbprint=thumbprint).exists()
    assert not IdentityRecord.objects.filter(performer=person.id).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_erasure WHERE performer = %s", [person.id])
        assert cursor.fetchone()[0] == 1


def test_whoever_can_write_to_the_object_store_has_nobody_erased_by_a_restore(
    story: Story, new_place: Place
) -> None:
    from consent.log.errors import ErasureNoteError
    from consent.log.ports import erasure_notes
    from consent.log.storage_file import FileObjectStore
    from consent.registry.models import Grant
    from tests.log.history import connected_to

    with connected_to(story.place.database):
        person = Grant.objects.get(id=story.grant).performer_id
    objects = FileObjectStore(new_place.objects)
    erasure_notes(objects, derivation=bytes(32)).note(at=datetime.now(UTC), performer=person, records=[])
    with pytest.raises(ErasureNoteError, match="was not made by this registry"):
        _restore(story, new_place)
    objects.delete(next(iter(objects.keys("erased/"))))
    assert _restore(story, new_place).erasures == ()  # nothing had been written


def test_keys_older_than_seven_days_are_refused_and_pruned(
    story: Story, new_place: Place, tmp_path: Path
) -> None:
    from consent.server.backup.errors import BackupError, TooOldError
    from consent.server.backup.finding import survey
    from consent.server.backup.pruning import prune

    made_at = survey(story.backups)[0].pair()[1].header.made_at
    with pytest.raises(TooOldError, match="seven days"):
        _restore(story, new_place, now=made_at + timedelta(days=7))
    with pytest.raises(BackupError, match="clock"):
        _restore(story, new_place, now=made_at - timedelta(hours=2))
    copy = shutil.copytree(story.backups, tmp_path / "backups")
    assert prune(copy, now=made_at + timedelta(days=7) - timedelta(seconds=1)) == []
    assert [path.suffix for path in prune(copy, now=made_at + timedelta(days=7))] == [".keys"]
    with pytest.raises(BackupError, match="its file of keys is not there"):
        survey(copy)[0].pair()


def test_nothing_is_restored_over_anything(story: Story, new_place: Place) -> None:
    from consent.server.backup.errors import NotEmptyError

    _restore(story, new_place)
    with pytest.raises(NotEmptyError, match="tables"):
        _restore(story, new_place)
    (new_place.root / "keys").rename(new_place.root / "keys-away")
    assert not any((new_place.root / "keys-away").glob(".tmp*"))


@pytest.mark.parametrize("kind", ["data", "keys"])
def test_a_damaged_or_cut_off_file_is_refused_before_anything_is_written(
    story: Story, new_place: Place, tmp_path: Path, kind: str
) -> None:
    from django.db import connection

    from consent.server.backup.checking import require_empty
    from consent.server.backup.errors import DamagedError
    from consent.server.backup.restoring import restore

    copy = shutil.copytree(story.backups, tmp_path / "backups")
    path = next(copy.glob(f"*.{kind}"))
    whole = path.read_bytes()
    for broken in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(broken)
        with pytest.raises(DamagedError, match=path.name):
            restore(new_place.settings(), copy, now=datetime.now(UTC))
        require_empty(new_place.settings())
    connection.close()


def test_another_secret_is_told_apart_from_damage(story: Story, new_place: Place, tmp_path: Path) -> None:
    from consent.server.backup.errors import SecretError
    from consent.server.backup.key_secret import restore_key_secret

    right = dict(new_place.secrets)
    new_place.secrets["CONSENT_BACKUP_SECRET"] = "another secret " + "0123456789abcdefghijklm"
    with pytest.raises(SecretError, match="CONSENT_BACKUP_SECRET"):
        _restore(story, new_place)
    new_place.secrets = {**right, "CONSENT_KEY_SECRET": "yet another secret " + "0123456789abcdefghi"}
    with pytest.raises(SecretError, match="--key-secret-to"):
        _restore(story, new_place)
    target = tmp_path / "key-secret"
    restore_key_secret(right["CONSENT_BACKUP_SECRET"].encode(), story.backups, target=target)
    assert target.read_text().strip() == right["CONSENT_KEY_SECRET"]
    assert target.stat().st_mode & 0o077 == 0


def test_a_backup_by_newer_software_is_refused(story: Story) -> None:
    from consent.server.backup.checking import require_known_software
    from consent.server.backup.errors import BackupError

    header = survey_of(story)
    require_known_software(header)
    with pytest.raises(BackupError, match="log 9999_later"):
        require_known_software(replace(header, migrations={**header.migrations, "log": "9999_later"}))


def test_a_database_that_lacks_history_is_not_backed_up(
    story: Story, new_place: Place, tmp_path: Path
) -> None:
    from consent.log.errors import RolledBackError
    from consent.server.backup.making import make_backup
    from consent.server.preparing import prepare

    _restore(story, new_place)
    wiring = prepare(new_place.settings())
    with pytest.raises(RolledBackError):
        make_backup(wiring, tmp_path / "backups")
    assert not any((tmp_path / "backups").iterdir())


def test_the_files_show_nothing_of_anybody(story: Story) -> None:
    for path in story.backups.iterdir():
        data = path.read_bytes()
        for planted in (b"Adelheid", b"Ada Quill", story.organization.encode(), b"Northlight"):
            assert planted not in data
        assert path.stat().st_mode & 0o077 == 0
    assert not [path for path in story.backups.iterdir() if path.name.startswith(".")]
