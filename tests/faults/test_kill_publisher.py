"""The publisher under faults, in short; `make prove` does it at length and prints the table."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.publisher import lives, rollback
from tests.log.publishing.house import House, house_of_its_own

MOST = 300  # entries committed between lives: often enough across the end of a tile


@pytest.fixture
def judge(house: House) -> lives.Judge:
    return lives.Judge(house, house.objects)


@pytest.fixture
def house(database: str, postgres_server: str, tmp_path: Path) -> Iterator[House]:
    with house_of_its_own(postgres_server, tmp_path) as made:
        yield made


def test_a_kill_at_any_durable_step_loses_nothing(judge: lives.Judge) -> None:
    killed = lives.kill_at_every_step(judge, chance=random.Random(1), most=MOST, stride=2)
    assert killed >= 10


@pytest.mark.parametrize("only", ["before", "after"])
def test_a_store_that_fails_once_is_gone_on_with(judge: lives.Judge, only: str) -> None:
    failed = lives.fail_at_every_step(judge, only=only, chance=random.Random(2), most=MOST, stride=2)
    assert failed >= 4


def test_a_paused_publisher_does_no_harm_when_it_wakes(judge: lives.Judge) -> None:
    paused = lives.pause_at_every_step(judge, chance=random.Random(3), most=MOST, stride=4)
    assert paused >= 5


def test_two_publishers_at_once_make_one_log(judge: lives.Judge) -> None:
    lives.twins(judge, rounds=2, chance=random.Random(4), most=MOST)


def test_a_database_restored_from_an_older_backup_halts(
    database: str, postgres_server: str, tmp_path: Path
) -> None:
    assert rollback.restore_at_every_age(postgres_server, tmp_path, ages=2) == 6


def test_a_flipped_bit_in_any_object_is_found(house: House) -> None:
    assert rollback.flip_in_every_object(house, house.objects) > 6
