"""The database knows the rules of passkeys, links and codes too, whoever sends the SQL."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

from tests.registry.newcomer import Device, enrol
from tests.registry.test_accounts import register
from tests.registry.test_links import member, operator

if TYPE_CHECKING:
    from tests.registry.world import World


@pytest.fixture
def sql(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def refused(sql: psycopg.Connection[Any], table: str, change: str, row: str, error: type[Exception]) -> None:
    """One UPDATE of one row is refused."""
    with pytest.raises(error):
        sql.execute(f"UPDATE registry_{table} SET {change} WHERE {row}")  # type: ignore[arg-type]


def test_a_passkey_stays_its_performers_on_its_side(world: "World", sql: psycopg.Connection[Any]) -> None:
    enrolled, other = enrol(world, Device()), enrol(world, Device())
    row = f"credential_id = '{enrolled.credential}'"
    for change in (
        f"performer_id = '{other.performer}'",
        "livemode = false",
        "webauthn_id = 'x'",
        "user_handle = repeat('x', 32)::bytea",
    ):
        refused(sql, "passkey", change, row, errors.RestrictViolation)
    refused(sql, "passkey", "sign_count = -1", row, errors.CheckViolation)
    with pytest.raises(errors.ForeignKeyViolation):
        sql.execute(
            "INSERT INTO registry_passkey (credential_id, performer_id, livemode, webauthn_id, user_handle, "
            "aaguid, sign_count, backed_up, transports) SELECT 'cre_nobody', performer_id, livemode, 'another id', "
            f"user_handle, aaguid, 0, false, '[]' FROM registry_passkey WHERE {row}"
        )


def test_an_account_passkey_has_one_owner_and_stays_off(world: "World", sql: psycopg.Connection[Any]) -> None:
    who = operator(world)
    other = member(world, world.organization())
    passkey = register(world, Device(), operator=who)
    row = f"id = {passkey}"
    refused(sql, "accountpasskey", f"member_id = '{other}'", row, errors.RestrictViolation)
    refused(sql, "accountpasskey", "public_key = '{}'", row, errors.RestrictViolation)
    sql.execute(f"UPDATE registry_accountpasskey SET blocked_at = now() WHERE {row}")
    refused(sql, "accountpasskey", "blocked_at = NULL", row, errors.RestrictViolation)
    sql.execute(f"UPDATE registry_operator SET removed_at = now() WHERE id = '{who}'")
    refused(sql, "operator", "removed_at = NULL", f"id = '{who}'", errors.RestrictViolation)
    with pytest.raises(errors.CheckViolation):
        sql.execute(
            "INSERT INTO registry_accountpasskey (webauthn_id, user_handle, public_key, sign_count, "
            "backup_eligible, backed_up, label, created_at) "
            "VALUES ('nobodys', repeat('x', 32)::bytea, '{}', 0, false, false, 'x', now())"
        )


def test_a_used_link_and_a_used_code_stay_used(world: "World", sql: psycopg.Connection[Any]) -> None:
    from consent.registry.operations.links import make_link, use_link
    from consent.registry.operations.recovery import make_recovery_code, use_recovery_code

    performer = enrol(world, Device()).performer
    use_link(world.ports, kind="stop", token=make_link(world.ports, kind="stop", performer=performer))
    row = f"performer_id = '{performer}'"
    refused(sql, "oneuselink", "used_at = NULL", row, errors.RestrictViolation)
    refused(sql, "oneuselink", "kind = 'recovery'", row, errors.RestrictViolation)
    refused(sql, "oneuselink", "expires_at = expires_at + interval '1 day'", row, errors.RestrictViolation)
    with pytest.raises(errors.CheckViolation):
        sql.execute(
            "INSERT INTO registry_oneuselink (digest, kind, performer_id, livemode, created_at, expires_at) "
            f"VALUES ('x', 'operator', '{performer}', true, now(), now() + interval '1 hour')"
        )
    use_recovery_code(world.ports, code=make_recovery_code(world.ports, performer=performer))
    refused(sql, "recoverycode", "used_at = NULL", row, errors.RestrictViolation)
    refused(sql, "recoverycode", "digest = repeat('x', 32)::bytea", row, errors.RestrictViolation)
    make_recovery_code(world.ports, performer=performer)
    with pytest.raises(errors.UniqueViolation):
        sql.execute(
            "INSERT INTO registry_recoverycode (performer_id, livemode, digest, created_at) "
            f"VALUES ('{performer}', true, repeat('y', 32)::bytea, now())"
        )
