"""Fixtures of the log's tests: one set of ports for the run's database, and databases of their own."""

from collections.abc import Iterator

import pytest

from consent.log.ports import LogPorts
from tests.log.history import connected_to, database_url, file_ports, migrate, new_database


@pytest.fixture(scope="session")
def ports(database: str, tmp_path_factory: pytest.TempPathFactory) -> LogPorts:
    """Ports over file stores of this run, with both histories begun."""
    from consent.log.start import initialise

    made: LogPorts = file_ports(tmp_path_factory.mktemp("log"))
    initialise(made)
    return made


@pytest.fixture
def own_database(database: str, postgres_server: str) -> Iterator[str]:
    """The URL of a migrated, otherwise empty database; Django is connected to it for the test."""
    with new_database(postgres_server) as name:
        url = database_url(postgres_server, name)
        with connected_to(url):
            migrate()
            yield url
