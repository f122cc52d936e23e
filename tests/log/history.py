"""Building blocks of the log's tests: events, ports over folders, and databases of their own."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg

SECRET = b"tests only: not a secret" + bytes(16)
RECORD = "cas_log_tests"


def event(kind: str = "test.happened", *, denies: bool = False, body: Mapping[str, Any] | None = None) -> Any:
    """A new event of no meaning."""
    from consent.log.events import NewEvent

    return NewEvent(kind=kind, body=body or {"n": 1}, record=RECORD, denies=denies)


def file_ports(root: Path) -> Any:
    """Ports over file stores below `root`, as a process of its own would make them."""
    from consent.log.keystore_file import FileKeyStore
    from consent.log.ports import log_ports
    from consent.log.storage_file import FileObjectStore

    return log_ports(
        key_store=FileKeyStore(root / "keys"),
        objects=FileObjectStore(root / "objects"),
        key_secret=SECRET,
    )


def database_url(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


@contextmanager
def new_database(server: str, template: str = "template1") -> Iterator[str]:
    """A database of its own, empty or a copy of one that nobody is connected to; dropped at the end."""
    name = f"consent_test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """Point Django's connections, this thread's and new ones, at another database for the block."""
    from django.db import connection

    usual, parts = dict(connection.settings_dict), urlsplit(url)
    connection.close()
    connection.settings_dict.update(
        HOST=parts.hostname,
        PORT=str(parts.port or ""),
        NAME=parts.path.lstrip("/"),
        USER=unquote(parts.username or ""),
        PASSWORD=unquote(parts.password or ""),
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(usual)


def migrate() -> None:
    """Make the log's tables in the database that this thread is connected to."""
    from django.core.management import call_command

    call_command("migrate", "log", verbosity=0)
