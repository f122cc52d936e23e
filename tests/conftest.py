"""Session-wide fixtures: one real PostgreSQL, one migrated database for the whole run."""

import os
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consent.server.settings")


def _server_url() -> str:
    return os.environ.get("CONSENT_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """A migrated database of this run's own on a real PostgreSQL; its URL. Dropped at the end.

    Rows are never cleaned between tests: every test makes its own organizations and performers.
    """
    server = _server_url()
    name = f"consent_test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    os.environ["CONSENT_DATABASE_URL"] = url
    os.environ.setdefault("CONSENT_SECRET_KEY", "tests-only-" + "0" * 40)

    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0)
    yield url
    connections.close_all()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
