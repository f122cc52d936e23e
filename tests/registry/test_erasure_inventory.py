"""Nothing about a person can be added to the registry without saying what an erasure does to it."""

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors

if TYPE_CHECKING:
    from tests.registry.world import World


def test_every_table_says_what_becomes_of_it(database: str) -> None:
    from consent.registry.erasure import inventory as known

    named = {table.strip() for table in known.DELETED} | known.DELETED_LAST.keys() | known.BLANKED.keys()
    named |= set(known.BY_THE_PAGES) | known.SHORT_LIVED.keys() | known.KEPT.keys()
    with psycopg.connect(database) as connection:
        tables = {
            row[0]
            for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            if row[0].partition("_")[0] in ("log", "registry", "web")
        }
    assert tables - named == set(), "say in consent/registry/erasure/inventory.py what an erasure does to it"
    assert named - tables == set()


def test_every_sealed_column_has_its_records_in_the_list(database: str) -> None:
    from consent.registry.erasure import inventory as known

    with psycopg.connect(database) as connection:
        sealed = {
            f"{table}.{column}"
            for table, column in connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
                "AND column_name LIKE '%sealed%' AND data_type = 'bytea'"
            )
        }
        recorded = {
            row[0]
            for row in connection.execute(
                "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
                "AND column_name = 'record'"
            )
        }
    listed = known.RECORDS.keys() | known.SEALED_ELSEWHERE.keys()
    assert sealed - listed == set(), "say where the records of this column are found"
    assert recorded - {name.partition(".")[0] for name in listed} == set()


def test_every_column_that_names_a_performer_is_in_a_table_that_is_dealt_with(database: str) -> None:
    from consent.registry.erasure import inventory as known

    dealt_with = {table.strip() for table in known.DELETED} | known.DELETED_LAST.keys() | known.BLANKED.keys()
    with psycopg.connect(database) as connection:
        naming = {
            row[0]
            for row in connection.execute(
                "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
                "AND (column_name LIKE '%performer%' OR column_name LIKE 'redeemed_by%' "
                "OR column_name LIKE '%subject%' OR column_name LIKE 'grant%')"
            )
        }
    assert naming - dealt_with - {"web_session"} == set()


def test_receipts_from_before_the_ledger_are_read_in_one_place_and_written_in_none() -> None:
    """They are kept through every erasure, so nothing new may get there; see why they are kept in the inventory."""
    consent = Path(__file__).parents[2] / "consent"
    naming = {
        str(path.relative_to(consent))
        for path in consent.rglob("*.py")
        if "migrations" not in path.parts
        and any(name in path.read_text() for name in ("DecisionRecord", "KeptReceipt"))
    }
    assert naming == {"registry/decisions.py", "registry/models/__init__.py", "registry/models/decision.py"}
    reading = (consent / "registry/decisions.py").read_text()
    assert not any(
        f".{verb}(" in reading for verb in ("create", "bulk_create", "get_or_create", "save", "update")
    )


def test_a_receipt_from_before_the_ledger_holds_opaque_ids_and_digests() -> None:
    """What stays of somebody erased: numbers that lead to nothing, and digests."""
    from dataclasses import fields

    from signing.receipt import Receipt, ReceiptItem

    assert {each.name for each in fields(ReceiptItem)} <= {
        "decision_id", "req_sha256", "decision", "reasons", "obligations", "grants", "record_sha256", "attester", "row",
    }  # fmt: skip
    assert not {"performer", "stage_name", "name"} & {each.name for each in fields(Receipt)}


@pytest.fixture
def two(world: "World") -> tuple[str, str, str]:
    """The ids of two people with grants, and of an erasure that is permitted for the first."""
    from consent.log.models import ErasurePermit

    ids = []
    for _ in range(2):
        person = world.person()
        world.grant(world.organization(), person)
        ids.append(str(person.id))
    permit = ErasurePermit.objects.create(erasure=f"era_{ids[0]}", livemode=True, subject=ids[0])
    return ids[0], ids[1], permit.erasure


def _try(database: str, statement: str, *, setting: str, own_transaction: bool = True) -> None:
    with psycopg.connect(database) as connection:
        tail = "pg_current_xact_id()::text" if own_transaction else "'1'"
        connection.execute(
            f"SELECT set_config('consent.erasure', %s || ' ' || {tail}, false)",  # type: ignore[arg-type]
            [setting],
        )
        connection.execute(statement)  # type: ignore[arg-type]
        connection.rollback()


def test_only_a_permitted_erasure_removes_and_only_rows_of_its_person(
    database: str, two: tuple[str, str, str]
) -> None:
    first, second, permit = two
    remove = "DELETE FROM registry_identitycheck WHERE performer_id = '{}'"
    blank = (
        "UPDATE log_event SET kind = 'erased', record = 'erased', sealed = '', performer_id = NULL, "
        "organization_id = NULL, grant_id = NULL WHERE performer_id = '{}'"
    )
    _try(database, blank.format(first), setting=permit)
    with pytest.raises(errors.ForeignKeyViolation):  # the triggers let it pass; the grant still rests on it
        _try(database, remove.format(first), setting=permit)
    for statement in (
        remove.format(second),
        blank.format(second),
        "TRUNCATE registry_identitycheck CASCADE",
        "TRUNCATE log_event",
        f"DELETE FROM log_event WHERE performer_id = '{first}'",
        f"UPDATE log_event SET entry = entry, seq = seq + 1 WHERE performer_id = '{first}'",
        f"UPDATE log_event SET entry = '\\x01' || chain WHERE performer_id = '{first}'",
        f"UPDATE log_event SET sealed = '' WHERE performer_id = '{first}'",
        f"UPDATE registry_statement SET nonce = 'x' WHERE performer_id = '{first}'",
        "DELETE FROM registry_statusslot",
        "DELETE FROM log_erasurepermit",
        "UPDATE log_erasurepermit SET subject = 'x'",
    ):
        with pytest.raises(errors.RestrictViolation):
            _try(database, statement, setting=permit)
    for wrong in ("", "era_unknown"):
        with pytest.raises(errors.RestrictViolation):
            _try(database, blank.format(first), setting=wrong)
    with pytest.raises(errors.RestrictViolation):  # a setting that another transaction left behind
        _try(database, blank.format(first), setting=permit, own_transaction=False)


@pytest.mark.parametrize("nested", [False, True])
def test_a_permit_of_the_same_transaction_permits_nothing(
    database: str, two: tuple[str, str, str], nested: bool
) -> None:
    _, second, _ = two
    permit = "INSERT INTO log_erasurepermit (erasure, livemode, subject) VALUES ('era_now', true, %s)"
    with psycopg.connect(database) as connection:
        if nested:  # what a savepoint writes carries another number than its transaction
            connection.execute("SELECT")
            with connection.transaction():
                connection.execute(permit, [second])
        else:
            connection.execute(permit, [second])
        connection.execute(
            "SELECT set_config('consent.erasure', 'era_now ' || pg_current_xact_id()::text, true)"
        )
        with pytest.raises(errors.RestrictViolation):
            connection.execute("DELETE FROM registry_identitycheck WHERE performer_id = %s", [second])
        connection.rollback()


def test_a_closed_permit_opens_for_nobody_again(database: str, two: tuple[str, str, str]) -> None:
    from consent.log.models import ErasurePermit
    from consent.registry.clock import database_clock

    first, _, permit = two
    ErasurePermit.objects.filter(erasure=permit).update(subject=None, closed_at=database_clock())
    with pytest.raises(errors.RestrictViolation):
        _try(database, f"DELETE FROM registry_identitycheck WHERE performer_id = '{first}'", setting=permit)
    with psycopg.connect(database) as connection, pytest.raises(errors.RestrictViolation):
        connection.execute(
            "UPDATE log_erasurepermit SET subject = %s, closed_at = NULL WHERE erasure = %s", [first, permit]
        )
