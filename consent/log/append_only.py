"""Reusable migration operations: tables that the database itself keeps append-only.

The trigger functions are made by the log's first migration; a migration that uses these
operations depends on `("log", "0001_initial")`. Triggers fire ALWAYS, also for a session that set
`session_replication_role = replica`, and per statement, so that even an UPDATE of no row is refused.
"""

import re

from django.db.migrations import RunSQL

_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")

CREATE_FUNCTIONS = """
CREATE FUNCTION consent_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION consent_frozen_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    name text;
BEGIN
    FOREACH name IN ARRAY TG_ARGV LOOP
        IF before -> name IS DISTINCT FROM after -> name THEN
            RAISE EXCEPTION 'column %.% is written once', TG_TABLE_NAME, name
                USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION consent_append_only(); DROP FUNCTION consent_frozen_columns();"


def append_only(table: str) -> RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on `table` (IntegrityError, SQLSTATE 23001)."""
    return _refuse(table, "UPDATE OR DELETE OR TRUNCATE", "append_only")


def undeletable(table: str) -> RunSQL:
    """Refuse DELETE and TRUNCATE on `table`; rows may change state."""
    return _refuse(table, "DELETE OR TRUNCATE", "undeletable")


def frozen_columns(table: str, columns: tuple[str, ...]) -> RunSQL:
    """Refuse an UPDATE on `table` that changes one of `columns`; other columns may change."""
    arguments = ", ".join(f"'{_checked(column)}'" for column in columns)
    trigger = f"{_checked(table)}_frozen"
    return RunSQL(
        sql=f"CREATE TRIGGER {trigger} BEFORE UPDATE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION consent_frozen_columns({arguments});"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger};",
        reverse_sql=f"DROP TRIGGER {trigger} ON {table};",
    )


def _refuse(table: str, statements: str, suffix: str) -> RunSQL:
    trigger = f"{_checked(table)}_{suffix}"
    return RunSQL(
        sql=f"CREATE TRIGGER {trigger} BEFORE {statements} ON {table} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION consent_append_only();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger};",
        reverse_sql=f"DROP TRIGGER {trigger} ON {table};",
    )


def _checked(name: str) -> str:
    """`name`, which is written into SQL: a plain lower-case identifier, or ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain identifier of at most 51 characters")
    return name
