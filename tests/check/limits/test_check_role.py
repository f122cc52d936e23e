"""A check process needs no right to write but counts: the role that `deploy/` makes for it can check, and no more."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node

ROLE = Path(__file__).parents[3] / "deploy" / "postgres" / "check-role.sql"


@pytest.fixture
def restricted(check_log_ports: Any) -> Iterator[Any]:
    """Makes this connection a check node's, under a role of this test's own."""
    from django.db import connection

    name = f"consent_check_{uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(ROLE.read_text().replace("consent_check", name))

    def become() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {name}")

    yield become
    with connection.cursor() as cursor:
        cursor.execute(f"RESET ROLE; DROP OWNED BY {name}; DROP ROLE {name}")


def test_the_role_checks_counts_and_tells_what_was_asked(node: "Node", restricted: Any) -> None:
    from consent.registry.operations.consume_counters import CounterName, consume_counters, give_back
    from consent.registry.operations.count_keys import count_keys
    from tests.check.limits.test_blocks import _claim

    organization, person = node.world.organization(), node.world.person()
    grant = str(node.world.grant(organization, person).grant)
    restricted()
    node.feeder.turn()
    assert node.ask(organization, person).decision == "allow"
    told: dict[str, Any] = {"livemode": True, "organization": organization, "claims": [_claim(grant, 1000)]}
    name = CounterName(grant, "l1", "max_outputs", None)
    for nonce in (None, "n", "n"):
        consume_counters(node.world.ports, nonce=nonce, **told)
    assert consume_counters(node.world.ports, nonce=None, blocks={name: 4}, **told) == {name: 4}
    give_back({name: 4})
    account = f"key_{uuid4().hex}"
    today = count_keys({}, []).at.date()
    for total in (2, 4):
        assert count_keys({(account, today): 2}, [account]).used == {account: total}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_grant SET state = 'active'",
        "UPDATE registry_apikey SET daily_quota = NULL",
        "DELETE FROM registry_counter",
        "UPDATE registry_counteruse SET nonce = nonce",
        "INSERT INTO log_event DEFAULT VALUES",
        "UPDATE log_head SET l_node_ms = 1",
    ],
)
def test_the_role_writes_nothing_else(restricted: Any, statement: str) -> None:
    from django.db import ProgrammingError, connection

    restricted()
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)
