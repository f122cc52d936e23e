"""After a declared loss nobody guesses what had ended: what was backed up stays enforced, what was lost is named."""

import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.backup_place import Place, ask, checks_of, empty_place, terms_of_now

REASON = "A drill: endings were told after the last backup."


@dataclass
class Lost:
    """A registry that ended one consent before its backup, and paused or ended others after it."""

    place: Place
    backups: Path
    organization: str
    grants: dict[str, str]
    references: dict[str, str]
    ended_at_seq: int


@pytest.fixture(scope="module")
def lost(database: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    """The database that was lost; its object store stays."""
    from consent.log.heads import read_head
    from consent.registry.status_lists.issuing import issue
    from consent.registry.status_slots import newest_list
    from consent.server.backup.making import make_backup
    from consent.server.preparing import prepare
    from tests.registry.world import Clock, World

    folder = tmp_path_factory.mktemp("endings")
    with empty_place(postgres_server, folder / "first", objects=folder / "objects") as place:
        wiring = prepare(place.settings())
        world = World(ports=wiring.registry, clock=Clock())
        organization = world.organization()
        people = {name: world.person() for name in ("before", "after", "paused", "stands")}
        grants = {
            name: world.grant(organization, person, terms_of_now()).grant for name, person in people.items()
        }
        references = {name: world.reference(organization, person) for name, person in people.items()}
        world.say("revocation", grants["before"], people["before"].key)
        for side in (True, False):
            newest_list(side)
        make_backup(wiring, folder / "backups")
        world.say("revocation", grants["after"], people["after"].key)
        ended_at_seq = read_head(True).seq
        world.say("suspension", grants["paused"], people["paused"].key)
        for side in (True, False):
            assert issue(wiring.registry, side, 0, bytes(32))
        yield Lost(
            place=place,
            backups=folder / "backups",
            organization=organization,
            grants=grants,
            references=references,
            ended_at_seq=ended_at_seq,
        )


@pytest.fixture
def restored(lost: Lost, postgres_server: str, tmp_path: Path) -> Iterator[tuple[Place, Any]]:
    """What came back from the backup, beside the object store that survived; and what the restore said."""
    from consent.server.backup.restoring import restore

    shutil.copytree(lost.place.objects, tmp_path / "objects")
    with empty_place(
        postgres_server, tmp_path / "second", objects=tmp_path / "objects", secrets_of=lost.place
    ) as place:
        yield place, restore(place.settings(), lost.backups, now=datetime.now(UTC))


def _lost_endings(place: Place) -> Any:
    from consent.server.backup.lost_endings import lost_endings
    from consent.server.wiring import make_wiring
    from signing.trust import parse_trust

    wiring = make_wiring(place.settings())
    return lost_endings(wiring.registry, trust=parse_trust(wiring.trust()))


def test_what_ended_before_the_backup_stays_ended_and_what_ended_after_it_is_named(
    lost: Lost, restored: tuple[Place, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from consent.log.new_history import losses
    from consent.server.commands.restore import _declare, _say_lost_endings
    from consent.server.preparing import prepare
    from consent.server.wiring import make_wiring

    place, done = restored
    live = next(each for each in done.missing if each.livemode)
    assert live.kept < lost.ended_at_seq <= live.lost
    prepare(place.settings())
    # Before anything is declared: this is what there is to decide about.
    assert _say_lost_endings(place.settings()) == 1
    asked = capsys.readouterr().out
    _declare(place.settings(), reason=REASON)
    declared = capsys.readouterr().out
    for said in (asked, declared):
        assert f"operator end {lost.grants['after']} --side live" in said
        assert f"operator hold {lost.grants['paused']} --side live" in said
        assert lost.grants["before"] not in said and lost.grants["stands"] not in said
    wiring = make_wiring(place.settings())
    told = next(each for each in losses(wiring.registry.log) if each.livemode)
    assert told.kept < lost.ended_at_seq <= told.lost
    checks = checks_of(wiring)
    decided = {
        name: ask(checks, lost.organization, reference).decision
        for name, reference in lost.references.items()
    }
    # As the runbook says: what is lost counts again until the operator does it again.
    assert decided == {"before": "deny", "after": "allow", "paused": "allow", "stands": "allow"}


def test_the_commands_that_are_printed_do_it_again(lost: Lost, restored: tuple[Place, Any]) -> None:
    from consent.server.backup.lost_endings import command
    from consent.server.commands import operator
    from consent.server.commands.restore import _declare
    from consent.server.wiring import make_wiring

    place, _ = restored
    _declare(place.settings(), reason=REASON)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in place.environment().items():
            patch.setenv(name, value)
        for each in _lost_endings(place).found:
            assert operator.run(shlex.split(command(each))[2:]) == 0
    checks = checks_of(make_wiring(place.settings()))
    for name in ("after", "paused"):
        assert ask(checks, lost.organization, lost.references[name]).decision == "deny", name
    assert ask(checks, lost.organization, lost.references["stands"]).decision == "allow"
    assert _lost_endings(place).found == ()


def test_a_list_that_somebody_wrote_or_took_away_is_said_to_tell_nothing(restored: tuple[Place, Any]) -> None:
    from consent.log.storage_file import FileObjectStore

    place, _ = restored
    objects = FileObjectStore(place.objects)
    live, test = (objects.get(f"status/{side}/0") for side in ("live", "test"))
    objects.put("status/live/0", test, immutable=False)  # signed, and of the other side
    objects.delete("status/test/0")
    told = _lost_endings(place)
    assert told.found == ()
    assert [each.split(":")[0] for each in told.unknown] == ["status/live/0", "status/test/0"]
    half = len(live) // 2
    for forged in (live[:-2] + b"AA", live[:half], b"", b"\xff"):
        objects.put("status/live/0", forged, immutable=False)
        told = _lost_endings(place)
        assert told.found == () and told.unknown[0].startswith("status/live/0: not a list of this registry")
