"""A database restored from an older backup, and damaged objects: nothing goes out, and words say why."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django import db

from consent.log.errors import PublicationHaltedError
from consent.log.objects import ObjectStore
from tests.log.history import connected_to, database_url, migrate, new_database
from tests.log.publishing.house import ORIGIN, House, open_house, publishing_ports

FOLDER = "log/test/"


def restore_at_every_age(server: str, root: Path, *, ages: int, objects: ObjectStore | None = None) -> int:
    """Publish on after each backup; every backup, as it was and after more writes of its own, halts."""
    tried = 0
    with new_database(server) as name:
        backups = []
        url = database_url(server, name)
        with connected_to(url):
            migrate()
            house = open_house(root)
            house = house if objects is None else replace(house, objects=objects)
            for age in range(ages):
                house.append(150 + age)
                house.publish()
                db.connections.close_all()
                backups.append(_copy(server, name, age))
            house.append(10)
            house.publish()
            right = house.objects.get(f"{FOLDER}checkpoint")
        try:
            for backup in backups:
                with connected_to(database_url(server, backup)):
                    for more in (0, 5, 1000):
                        _must_halt(house, more=more)
                        assert house.objects.get(f"{FOLDER}checkpoint") == right
                        tried += 1
        finally:
            for backup in backups:
                with psycopg.connect(server, autocommit=True) as connection:
                    connection.execute(f'DROP DATABASE "{backup}" WITH (FORCE)')
    return tried


def flip_in_every_object(house: House, objects: ObjectStore) -> int:
    """Flip one bit in each object of a published log in turn: `fsck` names it, and only it."""
    from consent.log.publishing.inspecting import inspect_log

    house = replace(house, objects=objects)
    house.append(600)
    house.publish()
    keys = list(house.objects.keys(FOLDER))
    for key in keys:
        right = house.objects.get(key)
        at = len(right) // 2
        house.objects.put(key, right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :], immutable=False)
        found = list(inspect_log(ORIGIN, objects=house.objects, keys=[house.vkey]))
        assert key in {fault.place for fault in found}, key
        assert {fault.place for fault in found} == {key}, found
        house.objects.delete(key)
        assert key in {each.place for each in inspect_log(ORIGIN, objects=house.objects, keys=[house.vkey])}
        house.objects.put(key, right, immutable=False)
    assert list(inspect_log(ORIGIN, objects=house.objects, keys=[house.vkey])) == []
    return len(keys)


def _must_halt(house: House, *, more: int) -> None:
    from consent.log.publishing.publisher import Publisher

    if more:
        # What the restored database writes meanwhile; its own guard would refuse, and is not asked here.
        with db.connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO log_event (event_id, livemode, seq, kind, record, sealed, entry, chain, recorded_at)"
                " SELECT gen_random_uuid()::text, livemode, seq + n, kind, record, sealed,"
                "        '\\x01' || sha256(gen_random_uuid()::text::bytea), chain, clock_timestamp()"
                " FROM (SELECT * FROM log_event WHERE NOT livemode ORDER BY seq DESC LIMIT 1) AS last,"
                "      generate_series(1, %s) AS n",
                [more],
            )
    publisher = Publisher(publishing_ports(house.objects), origin=ORIGIN, livemode=False)
    try:
        with pytest.raises(PublicationHaltedError):
            publisher.turn()
    finally:
        publisher.close()


def _copy(server: str, name: str, age: int) -> str:
    copy = f"{name}_{age}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
    return copy
