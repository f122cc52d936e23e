"""The one way past the append-only tables: a setting of this transaction, and a permit that was committed before.

The tables' triggers ask for both, and let go of nothing but rows of whom the permit is about (migrations
log 0006 and registry 0008).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_SET = "SELECT set_config('consent.erasure', %s || ' ' || pg_current_xact_id()::text, true)"


@contextmanager
def permitted(erasure: str) -> Iterator[Any]:
    """A cursor that may erase, within the caller's transaction and this block."""
    with connection.cursor() as cursor:
        cursor.execute(_SET, [erasure])
        yield cursor
        cursor.execute("SELECT set_config('consent.erasure', '', true)")
