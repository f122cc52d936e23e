"""Fixtures of the API's tests: the real URLs over real PostgreSQL, real keys, files, and a short l_wait."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House

L_WAIT_MS = 20  # short, but really waited for


@pytest.fixture(scope="session")
def api_log_ports(database: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The log's ports over folders of this run, with both histories begun."""
    from consent.log.start import initialise
    from tests.log.history import file_ports

    made = file_ports(tmp_path_factory.mktemp("api"))
    initialise(made)
    return made


@pytest.fixture(scope="module", autouse=True)
def short_wait(api_log_ports: Any) -> Iterator[None]:
    """The short wait for one file of tests; the bounds stand in the database that other rooms test on too."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT l_node_ms, l_wait_ms FROM log_head LIMIT 1")
        before = cursor.fetchone()
        cursor.execute("UPDATE log_head SET l_node_ms = %s, l_wait_ms = %s", [L_WAIT_MS, L_WAIT_MS])
    yield
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET l_node_ms = %s, l_wait_ms = %s", before)


@pytest.fixture(scope="session")
def house(api_log_ports: Any) -> "House":
    """The whole API as one process would serve it; tests make their own organizations in it."""
    from tests.api.house import build_house

    return build_house(api_log_ports)
