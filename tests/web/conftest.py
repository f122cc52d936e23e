"""Fixtures of the pages' tests: the real addresses over real PostgreSQL, and browsers without a screen."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site

L_WAIT_MS = 20  # short, but really waited for


@pytest.fixture(scope="session")
def web_log_ports(database: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The log's ports over folders of this run, with both histories begun."""
    from consent.log.start import initialise
    from tests.log.history import file_ports

    made = file_ports(tmp_path_factory.mktemp("web"))
    initialise(made)
    return made


@pytest.fixture(scope="module", autouse=True)
def short_wait(web_log_ports: Any) -> Iterator[None]:
    """The short wait for one file of tests; the bounds stand in the database that other rooms test on too."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT l_node_ms, l_wait_ms FROM log_head LIMIT 1")
        before = cursor.fetchone()
        cursor.execute("UPDATE log_head SET l_node_ms = %s, l_wait_ms = %s", [L_WAIT_MS, L_WAIT_MS])
    yield
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET l_node_ms = %s, l_wait_ms = %s", before)


@pytest.fixture
def site(web_log_ports: Any) -> "Iterator[Site]":
    """The pages as one process would serve them, on the live side of a world of its own clock."""
    from tests.web.browserless import serve

    with serve(web_log_ports) as made:
        yield made
