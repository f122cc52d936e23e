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

# Only for `erasable`: within a transaction of a permitted erasure, and nothing but rows of whom it is about. The permit
# is of an earlier transaction: what this one wrote, in a savepoint too, carries its own number or a later one.
CREATE_ERASURE_FUNCTIONS = """
CREATE FUNCTION consent_erasure_subject() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT p.subject FROM log_erasurepermit p
    WHERE p.erasure = split_part(current_setting('consent.erasure', true), ' ', 1)
      AND pg_current_xact_id()::text = split_part(current_setting('consent.erasure', true), ' ', 2)
      AND age(p.xmin) > age(pg_current_xact_id()::xid)
$$;
CREATE FUNCTION consent_erasable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = TG_ARGV[0] AND consent_erasure_subject() IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'table % is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION consent_erasable_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject text;
BEGIN
    EXECUTE 'SELECT (' || TG_ARGV[0] || ')::text' INTO subject USING to_jsonb(OLD);
    IF subject IS DISTINCT FROM consent_erasure_subject() THEN
        RAISE EXCEPTION 'a row of % is of somebody else than the erasure is about', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""
DROP_ERASURE_FUNCTIONS = """
DROP FUNCTION consent_erasable_row(); DROP FUNCTION consent_erasable(); DROP FUNCTION consent_erasure_subject();
"""
OF_PERFORMER = "$1 ->> 'performer_id'"


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


def erasable(
    table: str, trigger: str, statements: str, *, by: str = "DELETE", subject: str = OF_PERFORMER
) -> RunSQL:
    """Let an erasure do `by` (DELETE or UPDATE) to rows of whom it is about, in a table that refuses `statements`.

    `trigger` is what follows the table in the name of the trigger that refused so far. `subject` is SQL that names
    the person in a row, which is `$1` as jsonb.
    """
    name, row = f"{_checked(table)}_{_checked(trigger)}", f"{_checked(table)}_erasable_row"
    drop = f"DROP TRIGGER {name} ON {table};"
    return RunSQL(
        sql=f"{drop} CREATE TRIGGER {name} BEFORE {statements} ON {table} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION consent_erasable('{by}');"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};"
        f"CREATE TRIGGER {row} BEFORE {by} ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION consent_erasable_row({_quoted(subject)});"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {row};",
        reverse_sql=f"DROP TRIGGER {row} ON {table}; {drop} CREATE TRIGGER {name} BEFORE {statements} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION consent_append_only();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};",
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


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
