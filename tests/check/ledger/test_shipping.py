"""Sealed segments reach the object store once, are counted once, and a gap among them is told."""

import secrets
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.signing.samples import NOW, an_id

if TYPE_CHECKING:
    from tests.check.ledger.house import LedgerHouse
    from tests.check.node import Node


@pytest.fixture
def house(database: str, tmp_path: Path) -> "LedgerHouse":
    """A process's ledger; it seals when the test says so."""
    from tests.check.ledger import house as made

    return made.house(tmp_path)


def _ship(house: "LedgerHouse", **changes: Any) -> int:
    from consent.check.ledger.shipping import ship

    return ship(house.folder, **({"objects": house.objects, "clock": lambda: NOW} | changes))


def _kept(house: "LedgerHouse", count: int = 1) -> list[Any]:
    kept = [house.keep() for _ in range(count)]
    house.ledger.seal(True)
    return kept


def _rows(house: "LedgerHouse") -> list[Any]:
    from consent.registry.models import LedgerSegment

    return list(LedgerSegment.objects.filter(boot__in=_boots(house)).order_by("segment"))


def _boots(house: "LedgerHouse") -> set[str]:
    return {each.name.partition("-")[0] for each in (house.folder / "live").iterdir()}


def test_any_machine_has_the_receipts_of_what_was_shipped(house: "LedgerHouse", tmp_path: Path) -> None:
    from consent.check.ledger.shipping import unshipped
    from tests.check.ledger import house as made

    kept = _kept(house, 3)
    assert unshipped(house.folder)[0] == 1
    assert _ship(house) == 1 and _ship(house) == 0
    assert unshipped(house.folder) == (0, 0.0)
    elsewhere = made.house(tmp_path / "elsewhere")
    elsewhere.objects = house.objects
    for each in kept:
        house.verified(each)
        elsewhere.verified(each)
    (row,) = _rows(house)
    assert (row.segment, row.first, row.count, row.previous) == (0, 0, 3, "00" * 32)


def test_what_was_shipped_long_ago_is_removed_here_and_answered_from_there(house: "LedgerHouse") -> None:
    from consent.check.ledger.shipping import remove_shipped

    (kept,) = _kept(house)
    assert remove_shipped(house.folder, older_than_s=-1) == 0
    _ship(house)
    assert remove_shipped(house.folder) == 0
    assert remove_shipped(house.folder, older_than_s=-1) == 1
    assert list((house.folder / "live").iterdir()) == []
    house.verified(kept)


@pytest.mark.parametrize("broken", ["put", "record_segment", "rename"])
@pytest.mark.parametrize("persists", [False, True], ids=["fails_and_does_not_persist", "fails_but_persists"])
def test_shipping_that_fails_half_way_is_done_once_in_the_end(
    house: "LedgerHouse", monkeypatch: pytest.MonkeyPatch, broken: str, persists: bool
) -> None:
    from consent.check.ledger import shipping
    from consent.check.ledger.errors import LedgerError
    from consent.log.errors import StoreUnavailableError

    (kept,) = _kept(house)
    place: Any = {"put": house.objects, "record_segment": shipping, "rename": Path}[broken]
    real = getattr(place, broken)

    def fails(*given: Any, **named: Any) -> Any:
        if persists:
            real(*given, **named)
        raise OSError(5, "Input/output error") if broken == "rename" else StoreUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(place, broken, fails)
        with pytest.raises((StoreUnavailableError, LedgerError)):
            _ship(house)
    assert _ship(house) == (0 if broken == "rename" and persists else 1)
    assert len(_rows(house)) == 1
    house.verified(kept)


def test_a_broken_segment_stays_and_the_others_go(house: "LedgerHouse") -> None:
    _kept(house)
    (path,) = (house.folder / "live").glob("*.sealed")
    path.write_bytes(path.read_bytes()[:-1])
    _kept(house)
    assert _ship(house) == 1
    assert [each.name for each in (house.folder / "live").glob("*.sealed")] == [path.name]


def test_a_segment_under_another_ones_name_is_not_shipped(house: "LedgerHouse") -> None:
    _kept(house)
    (path,) = (house.folder / "live").glob("*.sealed")
    path.rename(path.with_name(f"{'0' * 12}-00000007.sealed"))
    assert _ship(house) == 0


def test_what_a_dead_process_left_is_shipped_too(house: "LedgerHouse") -> None:
    kept = house.keep()
    (path,) = (house.folder / "live").glob("*.open")
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data + b"torn")
    assert house.recover() == 1 and _ship(house) == 1
    house.verified(kept)
    (row,) = _rows(house)
    assert row.dropped == 4


def test_a_missing_segment_is_told_and_a_whole_boot_is_not(house: "LedgerHouse") -> None:
    from consent.registry.queries.ledger import LATE, ledger_gaps

    for _ in range(4):
        _kept(house, 2)
    (house.folder / "live" / f"{next(iter(_boots(house)))}-00000001.sealed").rename(house.folder / "lost")
    assert _ship(house) == 3
    (boot,) = _boots(house)
    assert [each for each in ledger_gaps(now=NOW, since=NOW) if each.boot == boot] == []  # it may still come
    later = NOW + LATE + timedelta(seconds=1)
    (gap,) = [each for each in ledger_gaps(now=later, since=NOW) if each.boot == boot]
    assert (gap.livemode, gap.segment, gap.missing_segments, gap.missing_records) == (True, 2, 1, 2)
    (house.folder / "lost").rename(house.folder / "live" / f"{boot}-00000001.sealed")
    assert _ship(house) == 1
    assert [each for each in ledger_gaps(now=later, since=NOW) if each.boot == boot] == []


def test_checks_are_counted_for_the_performer_and_for_the_licensee(
    node: "Node", house: "LedgerHouse"
) -> None:
    from consent.registry.models import Grant
    from consent.registry.operations import record_segment as operation
    from consent.registry.queries.asked import AskedOnDay, ChecksOnDay, asked, checks_of

    world = node.world
    organization, other, person = world.organization(), world.organization(), world.person()
    grant = world.grant(organization, person).grant
    assert grant is not None
    reference, elsewhere = (world.reference(each, person) for each in (organization, other))
    day = date(2026, 12, 2)

    def counted(of: str, name: str, *, grants: tuple[str, ...] = ()) -> Any:
        return operation.CountedDecision(
            day=day, organization=of, performers=(name,), grants=grants, allowed=bool(grants)
        )

    decisions = [
        *[counted(organization, reference, grants=(grant,))] * 3,
        *[counted(organization, reference)] * 2,
        counted(other, elsewhere),
        counted(other, reference),  # another organization's name for them means nobody here
        counted(other, an_id("prf", "z")),
        operation.CountedDecision(
            day=day - timedelta(days=1),
            organization=organization,
            performers=(),
            grants=(grant,),
            allowed=True,
        ),
    ]
    segment = operation.ShippedSegment(
        livemode=world.livemode,
        boot=secrets.token_hex(6),
        segment=0,
        node="n",
        first=0,
        count=len(decisions),
        root="00" * 32,
        previous="00" * 32,
        chain="00" * 32,
        dropped=0,
        object_sha256="00" * 32,
        sealed_at=NOW,
    )
    assert operation.record_segment(segment, decisions=decisions, shipped_at=NOW)
    assert not operation.record_segment(segment, decisions=decisions, shipped_at=NOW)
    assert asked(person.id, since=day) == sorted(
        [
            AskedOnDay(day=day, organization=organization, allowed=3, denied=2),
            AskedOnDay(day=day, organization=other, allowed=0, denied=1),
        ],
        key=lambda each: each.organization,
    )
    assert asked(person.id, since=day + timedelta(days=1)) == []
    assert checks_of(
        Grant.objects.get(id=grant), organization=organization, since=day - timedelta(days=7)
    ) == [
        ChecksOnDay(day=day, allowed=3),
        ChecksOnDay(day=day - timedelta(days=1), allowed=1),
    ]


def test_a_real_check_is_counted_once_it_is_shipped(node: "Node") -> None:
    from consent.check.ledger.shipping import ship
    from consent.registry.queries.asked import asked

    world = node.world
    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    assert node.ask(organization, person).decision == "allow"
    assert node.ask(organization, person, use="train.likeness").decision == "deny"
    node.ledger.seal(world.livemode)
    assert ship(node.ledger.folder, objects=world.ports.log.objects, clock=world.clock) == 1
    (row,) = asked(person.id, since=world.clock().date())
    assert (row.organization, row.allowed, row.denied) == (organization, 1, 1)
