"""The database knows which lists there are, and lets nobody move or forget one."""

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors

from tests.registry.status_lists.published import place_of

if TYPE_CHECKING:
    from tests.registry.world import World


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM registry_statuslist",
        "TRUNCATE registry_statuslist",
        "UPDATE registry_statuslist SET number = number + 1",
        "UPDATE registry_statuslist SET livemode = NOT livemode",
        "UPDATE registry_statuslist SET database_id = 'another'",
    ],
)
def test_a_list_keeps_its_number_side_and_history(world: "World", database: str, statement: str) -> None:
    place_of(str(world.grant(world.organization(), world.person()).grant))
    with psycopg.connect(database, autocommit=True) as sql, pytest.raises(errors.RestrictViolation):
        sql.execute(statement)  # type: ignore[arg-type]


def test_a_list_is_issued_as_of_a_position(world: "World", database: str) -> None:
    place_of(str(world.grant(world.organization(), world.person()).grant))
    with psycopg.connect(database, autocommit=True) as sql, pytest.raises(errors.CheckViolation):
        sql.execute("UPDATE registry_statuslist SET issued_at = now(), seq = NULL")


def test_every_place_that_a_grant_has_is_in_a_list_that_is_issued(world: "World") -> None:
    from consent.registry.models import StatusList

    number, _ = place_of(str(world.grant(world.organization(), world.person()).grant))
    assert StatusList.objects.filter(livemode=True, number=number).count() == 1
