"""Why a history transaction checks constraints before it locks the head (DESIGN §7)."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults import log_tables
from tests.log.history import database_url, event, file_ports, new_database

_JOIN_S = 30


@pytest.fixture
def two_connections(postgres_server: str) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two sessions of a database with the fault tables."""
    with new_database(postgres_server) as name:
        url = database_url(postgres_server, name)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(log_tables.CREATE)
        with psycopg.connect(url) as one, psycopg.connect(url) as two:
            yield one, two


def _meet(one: psycopg.Connection, two: psycopg.Connection, append: log_tables.Append) -> list[str]:
    """`one` refers to a performer whom `two` has locked, and both append; returns who died of what.

    In the naive order `one` holds the head when its COMMIT wants the performer, and `two` holds the
    performer when it wants the head. In the order of the form `one` waits for the performer before it
    has the head, so `two` ends, and `one` follows.
    """
    died: list[str] = []
    log_tables.insert_grant(one, 1)
    log_tables.change_performer(two)
    two_may_append = threading.Event()

    def finish_one() -> None:
        try:
            if append is log_tables.append_naively:
                append(one)
                two_may_append.set()
            else:
                two_may_append.set()
                append(one)
            one.commit()
        except psycopg.errors.DeadlockDetected:
            died.append("one")
            one.rollback()

    def finish_two() -> None:
        two_may_append.wait(_JOIN_S)
        try:
            append(two)
            two.commit()
        except psycopg.errors.DeadlockDetected:
            died.append("two")
            two.rollback()

    threads = [threading.Thread(target=finish_one), threading.Thread(target=finish_two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_JOIN_S)
        assert not thread.is_alive()
    return died


def test_the_naive_form_deadlocks(two_connections: tuple[psycopg.Connection, psycopg.Connection]) -> None:
    assert len(_meet(*two_connections, log_tables.append_naively)) == 1


def test_the_form_does_not_deadlock(two_connections: tuple[psycopg.Connection, psycopg.Connection]) -> None:
    assert _meet(*two_connections, log_tables.append_in_form) == []


def test_history_transactions_with_deferred_foreign_keys_never_deadlock(
    database: str, postgres_server: str, tmp_path: Path
) -> None:
    """The real form, from two threads that take the same performer from both ends, many times."""
    from django import db

    from consent.log.start import initialise
    from consent.log.transaction import history_transaction
    from consent.log.verify import verify_history
    from tests.log.history import connected_to, migrate

    rounds, died = 40, []
    with new_database(postgres_server) as name, connected_to(database_url(postgres_server, name)):
        migrate()
        ports = file_ports(tmp_path)
        initialise(ports)
        with db.connection.cursor() as cursor:
            cursor.execute(log_tables.CREATE)

        def refer(start: int) -> None:
            try:
                for n in range(rounds):
                    with history_transaction(False, ports) as tx:
                        tx.append(event())
                        with db.connection.cursor() as cursor:
                            cursor.execute("INSERT INTO fault_grant VALUES (%s, 1)", [start + n])
            except db.Error as exc:
                died.append(exc)
            finally:
                db.connection.close()

        def lock() -> None:
            try:
                for _ in range(rounds):
                    with history_transaction(False, ports) as tx:
                        with db.connection.cursor() as cursor:
                            cursor.execute("SELECT id FROM fault_performer WHERE id = 1 FOR UPDATE")
                        tx.append(event())
            except db.Error as exc:
                died.append(exc)
            finally:
                db.connection.close()

        threads = [threading.Thread(target=refer, args=(1000,)), threading.Thread(target=lock)]
        threads.append(threading.Thread(target=refer, args=(2000,)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_JOIN_S * 4)
        assert died == []
        assert verify_history(False).seq == 3 * rounds
