"""Session-wide fixtures: one real PostgreSQL, one migrated database for the whole run.

CONSENT_TEST_DATABASE_URL names a server to use (its role must be able to create databases); without
it an embedded PostgreSQL is started in a temporary folder.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

pytest_plugins = ["tests.skips"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consent.server.settings")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL in which this run may create databases."""
    if given := os.environ.get("CONSENT_TEST_DATABASE_URL"):
        yield given
        return
    from consent.server.embedded.postgres import embedded_postgres

    folder = Path(tempfile.mkdtemp(prefix="consent-tests-"))
    folder.chmod(0o755)  # as root the server runs as a user of its own, who must get in
    try:
        with embedded_postgres(folder, superuser=True) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database(postgres_server: str) -> Iterator[str]:
    """A migrated database of this run's own on a real PostgreSQL; its URL. Dropped at the end.

    Rows are never cleaned between tests: every test makes its own organizations and performers.
    """
    name = f"consent_test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    os.environ["CONSENT_DATABASE_URL"] = url
    os.environ.setdefault("CONSENT_SECRET_KEY", "tests-only-" + "0" * 40)

    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from consent.server.settings.database import parse_database_url

    # Test modules that import views have made Django read its settings already, without an address.
    settings.DATABASES = {"default": parse_database_url(url).django()}
    connections._settings = None
    vars(connections).pop("settings", None)
    django.setup()
    call_command("migrate", verbosity=0)
    yield url
    connections.close_all()
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
