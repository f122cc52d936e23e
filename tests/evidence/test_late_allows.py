"""An allow at a position at or after its grant's end is found, whatever the tables say today."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.ledger.house import LedgerHouse
    from tests.registry.world import Person, World

BEFORE_ANYTHING_WAS_ENFORCED = "2026-11-01T10:00:00.123Z"
LONG_AFTER = "2027-11-01T10:00:00.123Z"
EVER = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def house(world: "World", tmp_path: Path) -> "LedgerHouse":
    """A ledger beside the world's history."""
    from tests.check.ledger.house import house

    return house(tmp_path)


def head(world: "World") -> int:
    """The position reached."""
    from consent.log.heads import read_head

    return read_head(world.livemode).seq


def a_grant(world: "World") -> tuple[str, "Person", str]:
    """Licensee, performer, grant."""
    organization, person = world.organization(), world.person()
    return organization, person, str(world.grant(organization, person).grant)


def audited(world: "World", house: "LedgerHouse") -> tuple[list[str], Any]:
    """What an audit of everything that this ledger sealed says, and its counts."""
    from dataclasses import replace

    from consent.check.ledger.allows import allows_since
    from consent.evidence.late_allows import Judged, late_allows
    from consent.log.storage_file import FileObjectStore

    house.ledger.seal(True)
    judged, damages = Judged(), list[Any]()
    elsewhere = FileObjectStore(house.folder / "nothing")
    allows = allows_since(
        replace(world.ports.log, objects=elsewhere), house.folder, since=EVER, damaged=damages.append
    )
    return [each.why for each in late_allows(world.ports, allows, judged)], judged


def keep(house: "LedgerHouse", licensee: str, grant: str, seq: int, **changes: Any) -> None:
    """An allow in the ledger."""
    told: dict[str, Any] = {
        "audience": licensee,
        "licensee": licensee,
        "grants": (grant,),
        "seq": seq,
        "as_of": BEFORE_ANYTHING_WAS_ENFORCED,
    }
    house.keep(**{**told, **changes})


def test_an_allow_at_or_after_the_end_is_found_and_one_before_is_not(
    world: "World", house: "LedgerHouse"
) -> None:
    licensee, person, grant = a_grant(world)
    keep(house, licensee, grant, head(world))
    assert audited(world, house)[0] == []
    world.say("revocation", grant, person.key)
    ended = head(world)
    keep(house, licensee, grant, ended - 1)
    assert audited(world, house)[0] == []
    for late in (ended, ended + 7):
        keep(house, licensee, grant, late)
    keep(
        house,
        licensee,
        grant,
        ended,
        decision="deny",
        reasons=("no_active_consent",),
        grants=(),
        obligations=(),
    )
    found, judged = audited(world, house)
    assert found == [f"it had ended at position {ended}"] * 2
    assert (judged.allows, judged.unknown) == (4, 0)


def test_the_tables_cannot_talk_the_audit_out_of_it(
    world: "World", house: "LedgerHouse", intruder: Any
) -> None:
    licensee, person, grant = a_grant(world)
    world.say("revocation", grant, person.key)
    with intruder() as connection:
        connection.execute("DELETE FROM registry_grantending WHERE grant_id = %s", [grant])
        connection.execute(
            "UPDATE registry_grant SET state = 'active', ended_at = NULL WHERE id = %s", [grant]
        )
    keep(house, licensee, grant, head(world))
    assert len(audited(world, house)[0]) == 1


def test_pauses_and_what_was_not_active_yet_count_too(world: "World", house: "LedgerHouse") -> None:
    licensee, person, grant = a_grant(world)
    world.say("suspension", grant, person.key)
    paused = head(world)
    world.say("resumption", grant, person.key)
    resumed = head(world)
    for seq in (paused, resumed, 0):
        keep(house, licensee, grant, seq)
    assert audited(world, house)[0] == ["it was paused", "it was signed later"]


def test_an_answer_out_of_stale_memory_shows_by_its_instant(world: "World", house: "LedgerHouse") -> None:
    licensee, person, grant = a_grant(world)
    before = head(world)
    world.say("revocation", grant, person.key)
    keep(house, licensee, grant, before, as_of=LONG_AFTER)
    (why,) = audited(world, house)[0]
    assert why == f"its end, at position {head(world)}, was enforced by then"


def test_terms_that_ran_out_and_somebody_elses_grant_are_found(world: "World", house: "LedgerHouse") -> None:
    licensee, _, grant = a_grant(world)
    keep(house, licensee, grant, head(world), as_of="2030-11-01T10:00:00.123Z")
    keep(house, world.organization(), grant, head(world))
    assert audited(world, house)[0] == ["its term had run out", "it was given to another organization"]


def test_grants_of_whoever_was_forgotten_are_counted_and_not_judged(
    world: "World", house: "LedgerHouse"
) -> None:
    from consent.registry.operations.erase_performer import erase_performer

    licensee, person, grant = a_grant(world)
    keep(house, licensee, grant, head(world))
    erase_performer(
        world.ports, livemode=True, performer=person.id, ground="performer", decided_by="performer"
    )
    found, judged = audited(world, house)
    assert (found, judged.allows, judged.unknown) == ([], 1, 1)


def test_a_damaged_segment_is_named_and_the_rest_goes_on(world: "World", house: "LedgerHouse") -> None:
    from consent.check.ledger.allows import allows_since

    licensee, _, grant = a_grant(world)
    keep(house, licensee, grant, head(world))
    house.ledger.seal(True)
    keep(house, licensee, grant, head(world))
    house.ledger.seal(True)
    first = sorted((house.folder / "live").glob("*.sealed"))[0]
    first.write_bytes(first.read_bytes()[:-40])
    damages = list[Any]()
    told = allows_since(world.ports.log, house.folder, since=EVER, damaged=damages.append)
    assert [each.grants for each in told if each.licensee == licensee] == [(grant,)]
    assert damages
