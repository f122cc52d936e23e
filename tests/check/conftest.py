"""Fixtures of the checks' tests: a real history, a boot clock that stands still until it is moved."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node


@pytest.fixture(scope="session")
def check_log_ports(database: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The log's ports over folders of this run, with both histories begun."""
    from consent.log.start import initialise
    from tests.log.history import file_ports

    made = file_ports(tmp_path_factory.mktemp("check"))
    initialise(made)
    return made


@pytest.fixture
def node(check_log_ports: Any) -> "Node":
    """One check process over a world of its own, fed by hand."""
    from tests.check.node import make_node

    return make_node(check_log_ports)
