"""The examiner's queue: who waits, what to compare, and nobody under 18 by anybody's word."""

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.registry.newcomer import Device, about, add_pending, enrol

if TYPE_CHECKING:
    from tests.registry.world import World


def test_who_waits_stands_in_the_queue_with_every_key_until_they_are_examined(world: "World") -> None:
    from consent.registry.queries.identity import (
        count_waiting_identity,
        waiting_identity,
        waiting_with_key,
    )

    before = count_waiting_identity(livemode=True)
    first = Device()
    enrolled = enrol(world, first, stage_names=["Ada", "Quill"], legal_name="Adelheid Querfurth")
    second = add_pending(world, enrolled.performer, Device(user_handle=first.user_handle))
    assert count_waiting_identity(livemode=True) == before + 1
    queue = waiting_identity(world.ports, livemode=True, limit=1000)
    row = next(each for each in queue if each.performer == enrolled.performer)
    assert (row.person.legal_name, row.person.birth_date) == ("Adelheid Querfurth", date(1990, 2, 3))
    assert row.adult and not row.recovering and row.stage_names == ("Ada", "Quill")
    assert {key.credential for key in row.keys} == {enrolled.credential, second}
    assert {key.label for key in row.keys} == {"my phone", "a key"}
    for named in (enrolled.credential, enrolled.thumbprint, second):
        found = waiting_with_key(world.ports, credential=named)
        assert found is not None and found.performer == enrolled.performer
    assert enrolled.performer not in {
        each.performer for each in waiting_identity(world.ports, livemode=False, limit=1000)
    }
    world.verify(enrolled.performer)
    assert waiting_with_key(world.ports, credential=second) is None
    again = add_pending(world, enrolled.performer, Device(), recovering=True)
    found = waiting_with_key(world.ports, credential=again)
    assert found is not None and found.recovering
    assert [key.credential for key in found.keys] == [again]


def test_names_do_not_print(world: "World") -> None:
    from consent.registry.queries.identity import waiting_with_key

    enrolled = enrol(world, Device(), legal_name="Zephyrine Quillfeather")
    row = waiting_with_key(world.ports, credential=enrolled.credential)
    assert row is not None and "Zephyrine" not in repr(row)


def test_nothing_is_kept_of_a_newcomer_who_is_not_18(world: "World") -> None:
    from consent.registry.errors import Invalid
    from consent.registry.models import Performer

    _, code = world.invite(world.organization())
    before = Performer.objects.count()
    with pytest.raises(Invalid) as caught:
        enrol(world, Device(), code=code, birth_date=date(2010, 1, 1))
    assert (caught.value.pointer, caught.value.rule) == ("/identity/birth_date", "adult")
    assert Performer.objects.count() == before
    enrol(world, Device(), code=code)


def test_no_examiner_makes_an_adult_of_somebody_born_too_late(world: "World") -> None:
    from consent.registry.errors import Invalid
    from consent.registry.models import Credential, IdentityCheck
    from consent.registry.operations.enrol_performer import enrol_performer
    from consent.registry.queries.identity import waiting_with_key
    from signing.keys import PrivateKey

    day = world.clock.now.date()
    minor = enrol_performer(
        world.ports,
        livemode=True,
        public_key=PrivateKey.generate().public,
        kind="ed25519",
        **about(birth_date=day.replace(year=day.year - 18, day=day.day + 1)),
    )
    row = waiting_with_key(world.ports, credential=minor.credential)
    assert row is not None and not row.adult
    with pytest.raises(Invalid) as caught:
        world.verify(minor.performer)
    assert caught.value.rule == "adult"
    assert not IdentityCheck.objects.filter(performer_id=minor.performer).exists()
    assert Credential.objects.get(id=minor.credential).state == "pending"
    world.clock.forward(days=1)
    world.verify(minor.performer)
    assert Credential.objects.get(id=minor.credential).state == "active"


@pytest.mark.parametrize(
    ("born", "on", "adult"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), False),
        (date(2008, 2, 29), date(2026, 3, 1), True),
        (date(2008, 12, 1), date(2026, 12, 1), True),
        (date(2008, 12, 2), date(2026, 12, 1), False),
    ],
)
def test_eighteen_is_counted_in_days(born: date, on: date, adult: bool) -> None:
    from consent.registry.queries.identity import is_adult

    assert is_adult(born, on=on) is adult
