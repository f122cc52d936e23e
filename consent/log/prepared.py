"""Statements that run many times a second: sent past Django's cursors, their plan kept by the connection."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from weakref import WeakSet

from django.db import connection
from psycopg import Cursor

Statement = tuple[str, Mapping[str, Any]]  # `%(name)b` for each value
Rows = list[tuple[Any, ...]]
_GENERAL_PLANS: Final = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off"
_general: "WeakSet[Any]" = WeakSet()  # connections that are set so


def keep_general_plans() -> None:
    """Have this thread's connection plan each statement once, for whatever values; asked again, it is done already.

    Left alone, PostgreSQL plans a query for one missed fact anew each time, because a plan for any number of them
    looks dearer: planning took 1.3 ms and the query 0.2. As such a plan has to last while tables grow, it must go
    by indexes. Not inside a transaction, which could take it back.

    Raises:
        DatabaseError: there is no connection to be had.
    """
    connection.ensure_connection()
    raw = connection.connection
    if raw not in _general:
        with connection.cursor() as cursor:
            cursor.execute(_GENERAL_PLANS)
        _general.add(raw)


def prepared_together(statements: Sequence[Statement]) -> list[Rows]:
    """The rows of each statement, all sent before any answer is waited for: one way there and back.

    Raises:
        DatabaseError: any of them failed; those after it did not run.
    """
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors:
        cursors = [Cursor(raw) for _ in statements]
        usual, raw.prepare_threshold = raw.prepare_threshold, 0  # Django's None outranks `prepare=True`
        try:
            with raw.pipeline():
                for cursor, (text, values) in zip(cursors, statements, strict=True):
                    cursor.execute(text, values, prepare=True, binary=True)
        finally:
            raw.prepare_threshold = usual
        return [cursor.fetchall() if _has_rows(cursor) else [] for cursor in cursors]


def _has_rows(cursor: "Cursor[Any]") -> bool:
    """As `cursor.description` would tell, which makes an object a column first: a sixth of a turn."""
    return cursor.pgresult is not None and cursor.pgresult.nfields > 0
