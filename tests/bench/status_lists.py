"""Status lists: how long one takes that is as full as lists become, from the grants to the object store."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from django.core.management import call_command
from django.db import connection

from tests.bench.report import Row
from tests.log.publishing.house import house_of_its_own

GRANTS = 800_000  # from some four fifths on a list is left for the next one
KEY = b"bench".ljust(32, b".")
# Copies of one signed grant with a place each, every fifth of them ended. Nobody looks at their offers and statements.
_CHANGED = {
    "id": "'grt_copy' || n",
    "offer_id": "'off_copy' || n",
    "status_index": "n",
    "state": "CASE WHEN n % 5 = 0 THEN 'revoked' ELSE 'active' END",
    "ended_at": "CASE WHEN n % 5 = 0 THEN g.state_at END",
}
_COPY = """
INSERT INTO registry_grant ({columns})
SELECT {values} FROM registry_grant g, generate_series(0, {count} - 1) AS n WHERE g.status_index <> n
"""
_SLOTS = """
INSERT INTO registry_statusslot (livemode, status_list, status_index)
SELECT livemode, status_list, status_index FROM registry_grant ON CONFLICT DO NOTHING
"""


def measure(server: str, *, count: int = GRANTS) -> list[Row]:
    """Seconds from beginning to read until the list is stored, on a database of its own; and its size."""
    with (
        TemporaryDirectory(prefix="consent-bench-") as folder,
        house_of_its_own(server, Path(folder)) as house,
    ):
        call_command("migrate", verbosity=0)  # the registry's tables too
        from consent.registry.status_lists.issuing import issue, object_key
        from tests.registry.world import Clock, World, registry_ports

        world = World(ports=registry_ports(house.ports, Clock()), clock=Clock())
        world.grant(world.organization(), world.person())
        _fill(count)
        began = time.perf_counter()
        assert issue(world.ports, True, 0, KEY)
        took = time.perf_counter() - began
        size = len(house.ports.objects.get(object_key(livemode=True, number=0)))
    # Issuing takes at most a tenth of the time, so a change would wait for ten times as long.
    beside = f"{size / 1000:.0f} kB"
    return [Row(what=f"status list of {count:,} grants", value=took, unit="s", at_most=3, beside=beside)]


def _fill(count: int) -> None:
    from consent.registry.models import Grant

    told = connection.settings_dict
    with psycopg.connect(
        host=told["HOST"], port=told["PORT"] or None, user=told["USER"], password=told["PASSWORD"] or None,
        dbname=told["NAME"], autocommit=True,
    ) as sql:  # fmt: skip
        sql.execute("SET session_replication_role = replica")
        sql.execute("SET synchronous_commit = off")
        columns = [field.column for field in Grant._meta.concrete_fields]
        values = ", ".join(_CHANGED.get(name, f"g.{name}") for name in columns)
        sql.execute(_COPY.format(columns=", ".join(columns), values=values, count=count))  # type: ignore[arg-type]
        sql.execute(_SLOTS)
        sql.execute("ANALYZE registry_grant, registry_statusslot")
