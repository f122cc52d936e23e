"""When lists are issued, by how many at once, and what is left of a history that was declared lost."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from signing.errors import UntrustedError
from signing.status_list import INVALID, VALID, StatusList
from tests.registry.status_lists.published import KEY, place_of, publish, read

if TYPE_CHECKING:
    from tests.registry.world import World


def _issuer(world: "World") -> Any:
    from consent.registry.status_lists.issuing import StatusIssuer

    return StatusIssuer(world.ports, livemode=world.livemode, decoy_key=KEY)


def _grant(world: "World") -> str:
    return str(world.grant(world.organization(), world.person()).grant)


def _newest(world: "World") -> int:
    from consent.registry.status_slots import newest_list

    return newest_list(world.livemode)


def test_a_list_is_issued_at_once_when_a_grant_changed_and_otherwise_after_half_a_minute(
    world: "World",
) -> None:
    issuer, number = _issuer(world), _newest(world)
    issuer.turn()
    before = read(world, number).issued_at
    world.clock.forward(seconds=10)
    assert issuer.turn() == 0 and read(world, number).issued_at == before
    place = place_of(_grant(world))
    assert issuer.turn() >= 1
    assert read(world, place[0]).statuses.status(place[1]) == VALID
    assert read(world, place[0]).issued_at == world.clock.now
    world.clock.forward(seconds=29)
    assert issuer.turn() == 0
    world.clock.forward(seconds=1)
    assert issuer.turn() >= 1 and read(world, number).issued_at == world.clock.now


def test_an_erasure_is_in_the_next_list_although_its_events_are_blank(world: "World") -> None:
    from consent.registry.operations.erase_performer import erase_performer

    person = world.person()
    place = place_of(str(world.grant(world.organization(), person).grant))
    issuer = _issuer(world)
    issuer.turn()
    erase_performer(world.ports, livemode=True, performer=person.id)
    assert issuer.turn() >= 1
    assert read(world, place[0]).statuses.status(place[1]) == INVALID


def test_a_clock_that_went_back_does_not_keep_an_old_list(world: "World") -> None:
    issuer, number = _issuer(world), _newest(world)
    issuer.turn()
    world.clock.forward(minutes=-10)
    assert issuer.turn() >= 1
    assert read(world, number).issued_at == world.clock.now


def test_a_turn_takes_a_tenth_of_the_time(world: "World") -> None:
    now = [100.0]
    ticking = replace(world.ports, log=replace(world.ports.log, boot_clock=lambda: now[0]))
    slow = replace(ticking, clock=lambda: now.__setitem__(0, now[0] + 1.0) or world.clock.now)
    world.ports = slow
    issuer = _issuer(world)
    world.clock.forward(minutes=1)
    assert issuer.turn() >= 1
    took = now[0] - 100.0
    world.clock.forward(minutes=1)
    now[0] += 8.9 * took
    assert issuer.turn() == 0
    now[0] += 0.2 * took
    assert issuer.turn() >= 1


def test_of_two_at_once_the_one_that_read_first_gives_way(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.registry.status_lists import issuing

    person = world.person()
    grant = str(world.grant(world.organization(), person).grant)
    number, index = place_of(grant)
    real, slept = issuing.status_list_claims, []

    def sleeping(uri: str, statuses: StatusList, **told: Any) -> Any:
        """The first has read the grants, and sleeps; meanwhile the consent ends, and the second publishes."""
        monkeypatch.setattr(issuing, "status_list_claims", real)
        slept.append(statuses.status(index))
        world.say("revocation", grant, person.key)
        assert publish(world, number)
        return real(uri, statuses, **told)

    monkeypatch.setattr(issuing, "status_list_claims", sleeping)
    assert issuing.issue(world.ports, True, number, KEY) is False
    assert slept == [VALID]
    assert read(world, number).statuses.status(index) == INVALID


def test_a_store_that_fails_after_it_persisted_is_tried_again(world: "World") -> None:
    from consent.log.errors import StoreUnavailableError
    from consent.registry.models import StatusList
    from consent.registry.status_lists.issuing import issue

    number = _newest(world)
    assert publish(world, number)
    whole = world.ports.log.objects

    class Failing:
        """It writes, and says that it did not."""

        def __getattr__(self, name: str) -> Any:
            return getattr(whole, name)

        def replace(self, key: str, data: bytes, *, expected: bytes | None) -> None:
            whole.replace(key, data, expected=expected)
            raise StoreUnavailableError("lost the answer")

    world.clock.forward(minutes=5)
    with pytest.raises(StoreUnavailableError):
        issue(replace(world.ports, log=replace(world.ports.log, objects=Failing())), True, number, KEY)
    row = StatusList.objects.get(livemode=True, number=number)
    assert row.issued_at is not None and row.issued_at < world.clock.now
    assert _issuer(world).turn() >= 1
    row.refresh_from_db()
    assert row.issued_at == world.clock.now


def test_after_a_rotation_the_new_key_signs_and_the_old_one_is_refused(world: "World") -> None:
    from tests.registry.world import signers

    number, former = _newest(world), world.ports.signers[True].status.public
    assert publish(world, number)
    world.ports = replace(
        world.ports,
        signers={
            **world.ports.signers,
            True: replace(world.ports.signers[True], status=signers(True).status),
        },
    )
    with pytest.raises(UntrustedError, match="not the expected one"):
        read(world, number)
    assert publish(world, number)
    assert read(world, number).issued_at == world.clock.now
    assert world.ports.signers[True].status.public != former


def test_a_list_is_refused_a_quarter_of_an_hour_after_it_was_issued(world: "World") -> None:
    number = _newest(world)
    assert publish(world, number)
    world.clock.forward(minutes=14, seconds=59)
    read(world, number)
    world.clock.forward(seconds=1)
    with pytest.raises(UntrustedError, match="list is good from"):
        read(world, number)


def test_of_a_lost_history_no_place_is_valid_but_those_of_known_grants(world: "World") -> None:
    from django.db import connection, transaction

    from consent.log.heads import read_head
    from consent.registry.facts import Snapshot
    from consent.registry.status_lists.standing import read_statuses
    from consent.registry.status_slots import NEW_HISTORY_STEP, newest_list

    number, index = place_of(_grant(world))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE log_head DISABLE TRIGGER log_head_forward")
            cursor.execute("UPDATE log_head SET database_id = 'another' WHERE livemode")
        seen = Snapshot(livemode=True, head=read_head(True), at=world.clock.now, ports=world.ports)
        statuses = read_statuses(seen, number=number, decoy_key=KEY)
        before = newest_list(False)
        assert newest_list(True) == number + NEW_HISTORY_STEP == newest_list(True)
        assert newest_list(False) == before
        transaction.set_rollback(True)
    assert statuses.status(index) == VALID
    places = _given_out(number)
    assert {statuses.status(each) for each in range(0, 1 << 20, 3) if each not in places} == {INVALID}


def _given_out(number: int) -> set[int]:
    from consent.registry.models import StatusSlot

    rows = StatusSlot.objects.filter(livemode=True, status_list=number)
    return set(rows.values_list("status_index", flat=True))
