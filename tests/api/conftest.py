"""Fixtures of the API's tests: the real URLs over real PostgreSQL, real keys, files, and a short l_wait."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House

L_WAIT_MS = 20  # short, but really waited for


@pytest.fixture(scope="session")
def api_log_ports(database: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The log's ports over folders of this run, with both histories begun and a short wait."""
    from django.db import connection

    from consent.log.start import initialise
    from tests.log.history import file_ports

    made = file_ports(tmp_path_factory.mktemp("api"))
    initialise(made)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET l_node_ms = %s, l_wait_ms = %s", [L_WAIT_MS, L_WAIT_MS])
    return made


@pytest.fixture(scope="session")
def house(api_log_ports: Any) -> "House":
    """The whole API as one process would serve it; tests make their own organizations in it."""
    from tests.api.house import build_house

    return build_house(api_log_ports)
