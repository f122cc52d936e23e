"""Who publishes, so that two publishers do not do the same work. Correctness never rests on it."""

from django.db import connection

LEAD_S = 5.0  # how long a publisher that says nothing more keeps others waiting

_LEAD = """
UPDATE log_publication SET leader = %(me)s, leader_until = clock_timestamp() + make_interval(secs => %(lead_s)s)
WHERE origin = %(origin)s AND (leader = %(me)s OR leader_until IS NULL OR leader_until < clock_timestamp())
"""
_LEAVE = "UPDATE log_publication SET leader = '', leader_until = NULL WHERE origin = %s AND leader = %s"


def lead(origin: str, *, me: str) -> bool:
    """Whether `me` may publish for the next seconds: as before, or because nobody else has said so of late."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAD, {"origin": origin, "me": me, "lead_s": LEAD_S})
        return bool(cursor.rowcount == 1)


def leave(origin: str, *, me: str) -> None:
    """Let another publisher begin at once."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, [origin, me])
