"""Ten thousand consents of one performer with one organization, copied from one that was really signed."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from consent.core.ids import new_id
from consent.registry.models import Grant, GrantEnding, Offer, Statement, StatusSlot

ENDED_EVERY = 5  # one consent in five has ended
FREE_LIST = 1000  # from here on status lists that nobody has reached: their places are given out in order


def copy_consents(grant: str, count: int) -> None:
    """Insert `count` more consents like `grant`: offer, statement, grant, and for some an ending.

    What only proofs read (the history's entries, the statement's own bytes) stays the original's: pages of
    the copies list and count, they do not prove.
    """
    original = Grant.objects.get(id=grant)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE fresh (n int PRIMARY KEY, off text, grt text, evt text) ON COMMIT DROP"
        )
        with cursor.copy("COPY fresh FROM STDIN") as rows:
            for number in range(1, count + 1):
                rows.write_row((number, new_id("off"), new_id("grt"), new_id("evt")))
        ended = f"mod(n, {ENDED_EVERY}) = 0"
        reached = StatusSlot.objects.aggregate(newest=Max("status_list"))["newest"]
        free_list = max(FREE_LIST, reached + 1)
        _copy(
            cursor, Offer, original.offer_id, {"id": "off", "created_at": "x.created_at - n * interval '1 s'"}
        )
        cursor.execute(
            f"INSERT INTO {StatusSlot._meta.db_table} (livemode, status_list, status_index) "
            "SELECT %s, %s, n FROM fresh",
            [original.livemode, free_list],
        )
        _copy(cursor, Statement, grant, {"id": "grt", "nonce": "evt", "event": "evt"})
        _copy(
            cursor,
            Grant,
            grant,
            {
                "id": "grt",
                "offer_id": "off",
                "status_list": str(free_list),
                "status_index": "n",
                "signed_at": "x.signed_at - n * interval '1 s'",
                "first_shown_at": "x.first_shown_at - n * interval '1 s'",
                "state": f"CASE WHEN {ended} THEN 'revoked' ELSE x.state END",
                "ended_at": f"CASE WHEN {ended} THEN x.state_at END",
            },
        )
        cursor.execute(
            f"INSERT INTO {GrantEnding._meta.db_table} "
            "(grant_id, livemode, performer_id, outcome, authority, event, ended_at) "
            "SELECT grt, %s, %s, 'revoked', 'session', evt, %s FROM fresh WHERE " + ended,
            [original.livemode, original.performer_id, original.state_at],
        )
        cursor.execute("ANALYZE")


def _copy(cursor: Any, model: Any, original: str, changed: Mapping[str, str]) -> None:
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(changed.get(name, f'x."{name}"') for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} x, fresh WHERE x.id = %s", [original]
    )
