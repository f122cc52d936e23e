"""The registry's clock is the primary's."""

from datetime import UTC, datetime

from django.db import connection


def database_clock() -> datetime:
    """The primary's wall clock now (not the transaction's start), aware UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    instant: datetime = row[0]
    return instant.astimezone(UTC)
