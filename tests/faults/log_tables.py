"""A small table pair with a deferred foreign key, as Django makes them, and two ways to append after it."""

from collections.abc import Callable

import psycopg

CREATE = """
CREATE TABLE fault_performer (id int PRIMARY KEY, note text);
CREATE TABLE fault_grant (
    id int PRIMARY KEY,
    performer int NOT NULL REFERENCES fault_performer (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE fault_head (one boolean PRIMARY KEY, seq bigint);
INSERT INTO fault_performer VALUES (1, ''), (2, '');
INSERT INTO fault_head VALUES (true, 0);
"""
APPEND = "UPDATE fault_head SET seq = seq + 1"


def insert_grant(connection: psycopg.Connection, grant: int) -> None:
    """Refer to performer 1; PostgreSQL locks that row only when the constraint is checked."""
    connection.execute("INSERT INTO fault_grant VALUES (%s, 1)", [grant])


def change_performer(connection: psycopg.Connection) -> None:
    """Lock performer 1 in a way that a foreign key's check has to wait for."""
    connection.execute("SELECT id FROM fault_performer WHERE id = 1 FOR UPDATE")


def append_naively(connection: psycopg.Connection) -> None:
    """Lock the head with constraints still deferred to COMMIT."""
    connection.execute(APPEND)


def append_in_form(connection: psycopg.Connection) -> None:
    """Check constraints first, then lock the head (DESIGN §7)."""
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    connection.execute(APPEND)


Append = Callable[[psycopg.Connection], None]
