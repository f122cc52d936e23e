"""What check processes counted on the accounts of API keys: told to the primary, and told back for all of them.

The only table that this writes is `registry_keyuse`; a check process needs no other right for it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

KEPT_DAYS = 92  # what pages may show of past days

# In one order everywhere, so that two processes never wait for each other.
_ADD = """
INSERT INTO registry_keyuse AS k (account, day, used)
SELECT account, day, used FROM unnest(%s::text[], %s::date[], %s::bigint[]) AS told (account, day, used)
ORDER BY account, day
ON CONFLICT (account, day) DO UPDATE SET used = k.used + excluded.used
"""
_READ = """
SELECT clock_timestamp(), k.account, k.used FROM (SELECT) one LEFT JOIN registry_keyuse k
ON k.day = (clock_timestamp() AT TIME ZONE 'UTC')::date AND k.account = ANY(%s::text[])
"""
_FORGET = "DELETE FROM registry_keyuse WHERE day < %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUseTold:
    """The primary's clock, and what all processes together counted on each account on its UTC day."""

    at: datetime
    used: Mapping[str, int]


def count_keys(added: Mapping[tuple[str, date], int], accounts: Collection[str]) -> KeyUseTold:
    """Add what was counted since the last time, by account and day, and read the sums of `accounts`.

    Raises:
        DatabaseError: nothing is known to be added; told again it may count twice, which errs on the strict side.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '5s'")
        if added:
            rows = sorted(added)
            values = [added[row] for row in rows]
            cursor.execute(_ADD, [[row[0] for row in rows], [row[1] for row in rows], values])
        cursor.execute(_READ, [list(accounts)])
        found = cursor.fetchall()
    used = {account: amount for _, account, amount in found if account is not None}
    return KeyUseTold(at=found[0][0].astimezone(UTC), used=used)


def forget_key_use(now: datetime) -> int:
    """Remove the counts of days that nothing shows any more; how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [(now - timedelta(days=KEPT_DAYS)).date()])
        return int(cursor.rowcount)
