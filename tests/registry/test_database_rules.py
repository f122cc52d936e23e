"""The database knows the rules too: raw SQL that breaks one is refused, whoever sends it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

if TYPE_CHECKING:
    from tests.registry.world import World


@pytest.fixture
def sql(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def copied(table: str, row: str, **changed: str) -> str:
    """An INSERT of a copy of a row with some columns changed; values are SQL."""
    names = ", ".join(changed)
    return (
        f"WITH old AS (SELECT to_jsonb(t) AS row FROM {table} t WHERE id::text = '{row}'), "
        f"new AS (SELECT jsonb_populate_record(NULL::{table}, old.row || jsonb_build_object("
        + ", ".join(f"'{name}', {value}" for name, value in changed.items())
        + f")) AS r FROM old) INSERT INTO {table} SELECT (r).* FROM new -- {names}"
    )


@pytest.fixture
def grant(world: "World") -> str:
    """An active grant."""
    return str(world.grant(world.organization(), world.person()).grant)


@pytest.mark.parametrize(
    "table",
    [
        "registry_statement",
        "registry_identitycheck",
        "registry_grantending",
        "registry_limits",
        "registry_statusslot",
        "registry_decisionrecord",
        "registry_keptreceipt",
        "registry_acknowledgement",
        "registry_countersignature",
    ],
)
def test_what_is_written_once_is_neither_changed_nor_removed(
    sql: psycopg.Connection[Any], table: str
) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(errors.RestrictViolation):
            sql.execute(statement)  # type: ignore[arg-type]
    column = sql.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s LIMIT 1", [table]
    ).fetchone()
    assert column is not None
    with pytest.raises(errors.RestrictViolation):
        sql.execute(f"UPDATE {table} SET {column[0]} = {column[0]}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        "terms = 'x'", "terms_sha256 = 'x'", "seal = 'x'", "grant_sha256 = 'x'", "adult = NOT adult",
        "signed_at = now()", "valid_until = valid_until + interval '1 day'", "status_index = 0",
        "reference = 'prf_x'", "organization_id = 'org_x'", "over_18 = true, identity_check_id = 0",
        "first_shown_at = first_shown_at - interval '1 day'", "livemode = false", "method = 'webauthn'",
    ],
)  # fmt: skip
def test_what_was_signed_never_changes(sql: psycopg.Connection[Any], grant: str, change: str) -> None:
    with pytest.raises(errors.RestrictViolation):
        sql.execute(f"UPDATE registry_grant SET {change} WHERE id = %s", [grant])  # type: ignore[arg-type]


def test_grants_are_not_removed_and_an_end_is_not_taken_back(
    world: "World", sql: psycopg.Connection[Any]
) -> None:
    person = world.person()
    grant = str(world.grant(world.organization(), person).grant)
    with pytest.raises(errors.RestrictViolation):
        sql.execute("DELETE FROM registry_grant WHERE id = %s", [grant])
    world.say("revocation", grant, person.key)
    for change in ("state = 'active', ended_at = NULL", "state = 'expired'"):
        with pytest.raises(errors.RestrictViolation):
            sql.execute(f"UPDATE registry_grant SET {change} WHERE id = %s", [grant])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"over_18": "false"}, "grant_adults_only"),
        ({"adult": "true", "confirmed_at": "now()"}, "grant_adult_terms_by_passkey"),
        ({"unrepresented": "true"}, "grant_active_was_confirmed"),
        ({"state": "'revoked'"}, "grant_ended_has_instant"),
        ({"state": "'signing'"}, "grant_ended_has_instant"),
        ({"activated_at": "NULL::text"}, "grant_active_since"),
        ({"valid_until": "now() - interval '90 years'"}, "grant_window_ordered"),
        ({"first_shown_at": "'2999-01-01T00:00:00Z'"}, "grant_shown_before_signed"),
        ({"status_index": "1048576"}, "grant_status_in_list"),
    ],
)
def test_no_grant_breaks_a_check(
    sql: psycopg.Connection[Any], grant: str, change: dict[str, str], constraint: str
) -> None:
    with pytest.raises(errors.CheckViolation) as caught:
        sql.execute(copied("registry_grant", grant, id="'grt_copy'", **change))  # type: ignore[arg-type]
    assert caught.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"livemode": "false"},
        {"performer_id": "gen_random_uuid()"},
        {"organization_id": "'org_x'"},
        {"identity_check_id": "0"},
        {"credential_id": "'cre_x'"},
        {"reference": "'prf_x'"},
    ],
)
def test_no_grant_hangs_in_the_air_or_on_the_other_side(
    sql: psycopg.Connection[Any], grant: str, change: dict[str, str]
) -> None:
    """A copy lacks a statement of its own, an offer, a status slot; each reference includes the side."""
    with pytest.raises((errors.ForeignKeyViolation, errors.UniqueViolation)):
        sql.execute(copied("registry_grant", grant, id="'grt_copy'", **change))  # type: ignore[arg-type]


def test_a_live_row_never_refers_to_a_test_row(world: "World", sql: psycopg.Connection[Any]) -> None:
    person = world.person()
    organization = world.organization()
    for statement, values in (
        ("UPDATE registry_stagename SET livemode = false WHERE performer_id = %s", [person.id]),
        ("UPDATE registry_identityrecord SET livemode = false WHERE performer_id = %s", [person.id]),
        (
            "INSERT INTO registry_pairwisereference (reference, performer_id, organization_id, livemode, "
            "created_at) VALUES ('prf_mixed', %s, %s, false, now())",
            [person.id, organization],
        ),
        (
            "INSERT INTO registry_offer (id, organization_id, livemode, state, terms, performer_name, "
            "requested_changes, metadata, created_at) VALUES ('off_mixed', %s, false, 'draft', '', '', '', "
            "'{}', now())",
            [organization],
        ),
    ):
        with pytest.raises(errors.ForeignKeyViolation):
            sql.execute(statement, values)  # type: ignore[arg-type]


def test_every_foreign_key_is_checked_at_once_and_none_at_commit(sql: psycopg.Connection[Any]) -> None:
    found = sql.execute(
        "SELECT conname, condeferrable FROM pg_constraint WHERE contype = 'f' AND conname LIKE 'registry_%'"
    ).fetchall()
    assert len(found) > 40 and not any(deferrable for _, deferrable in found)


def test_identifiers_are_compared_byte_for_byte(sql: psycopg.Connection[Any]) -> None:
    others = sql.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_name LIKE 'registry_%' "
        "AND (column_name = 'id' OR column_name LIKE '%\\_id' OR column_name IN ('thumbprint', 'reference', "
        "'external_id', 'nonce', 'state', 'kind', 'jti', 'key', 'scope')) AND data_type LIKE 'char%' "
        "AND collation_name IS DISTINCT FROM 'C'"
    ).fetchall()
    assert others == []


def test_an_adult_is_verified_by_a_document_and_a_named_examiner(
    world: "World", sql: psycopg.Connection[Any]
) -> None:
    person = world.person()
    for method, examiner, constraint in (
        ("phrase", "Eins", "identity_check_adult_by_document"),
        ("document", "", "identity_check_examiner_named"),
        ("hearsay", "Eins", "identity_check_method"),
    ):
        with pytest.raises(errors.CheckViolation) as caught:
            sql.execute(
                "INSERT INTO registry_identitycheck (performer_id, livemode, examiner, method, "
                "evidence_sha256, over_18, checked_at, recorded_at) VALUES (%s, true, %s, %s, 'x', "
                "%s, now(), now())",
                [person.id, examiner, method, method != "hearsay"],
            )
        assert caught.value.diag.constraint_name == constraint


@pytest.mark.parametrize("kind", ["credential", "apikey", "invitation"])
def test_what_is_off_stays_off(world: "World", sql: psycopg.Connection[Any], kind: str) -> None:
    from consent.registry.operations.add_credential import block_credential
    from consent.registry.operations.api_keys import create_api_key, revoke_api_key
    from consent.registry.operations.invitations import revoke_invitation

    organization, person = world.organization(), world.person()
    if kind == "credential":
        block_credential(
            world.ports,
            livemode=True,
            performer=person.id,
            thumbprint=person.key.thumbprint,
            authority="link",
        )
        change = f"state = 'active', blocked_at = NULL WHERE performer_id = '{person.id}'"
    elif kind == "apikey":
        made = create_api_key(
            world.ports, livemode=True, organization=organization, name="k", scopes=["check"]
        )
        revoke_api_key(world.ports, livemode=True, organization=organization, key=made.id)
        change = f"revoked_at = NULL, revoked_event = NULL WHERE id = '{made.id}'"
    else:
        from consent.registry.models import Invitation

        offer, _ = world.invite(organization)
        invitation = Invitation.objects.get(offer_id=offer).id
        revoke_invitation(world.ports, livemode=True, organization=organization, invitation=invitation)
        change = f"revoked_at = NULL WHERE id = '{invitation}'"
    with pytest.raises(errors.RestrictViolation):
        sql.execute(f"UPDATE registry_{kind} SET {change}")  # type: ignore[arg-type]


def test_the_migrations_make_what_the_models_say(database: str) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "registry", check=True, dry_run=True, verbosity=0)
