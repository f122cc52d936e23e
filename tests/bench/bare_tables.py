"""Tables without their indexes while millions of rows are copied in: building an index once takes a twentieth of the
time that keeping it up for each row in no order does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname,
       pg_get_constraintdef(oid) || CASE contype WHEN 'f' THEN ' NOT VALID' ELSE '' END
FROM pg_constraint
WHERE (contype IN ('p', 'u') AND conrelid = ANY(%(tables)s::regclass[]))
   OR (contype = 'f' AND confrelid = ANY(%(tables)s::regclass[]))
ORDER BY contype = 'f' DESC, oid
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""


@contextmanager
def without_indexes(connection: psycopg.Connection[Any], tables: Sequence[str]) -> Iterator[None]:
    """Drop indexes and what rests on them, and make them anew when the block ends well.

    Nobody else may use these tables meanwhile. References to them are not judged again: seeded rows refer to nothing.
    """
    told = {"tables": list(tables)}
    constraints = connection.execute(_CONSTRAINTS, told).fetchall()
    indexes = connection.execute(_INDEXES, told).fetchall()
    with connection.transaction():
        for table, name, _ in constraints:
            _run(connection, f"ALTER TABLE {table} DROP CONSTRAINT {{}}", name)
        for name, _ in indexes:
            _run(connection, f"DROP INDEX {name}")
    yield
    with connection.transaction():
        for _, made in indexes:
            _run(connection, made)
        for table, name, made in reversed(constraints):  # references come after what they refer to
            _run(connection, f"ALTER TABLE {table} ADD CONSTRAINT {{}} {made}", name)


def _run(connection: psycopg.Connection[Any], statement: str, *names: str) -> None:
    """A statement whose text is the catalogue's own."""
    text = sql.SQL(statement)  # type: ignore[arg-type]
    connection.execute(text.format(*map(sql.Identifier, names)) if names else text)
