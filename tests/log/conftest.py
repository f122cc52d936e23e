"""Fixtures of the log's tests: one set of ports for the run's database."""

from pathlib import Path

import pytest

from consent.log.ports import LogPorts


@pytest.fixture(scope="session")
def ports(database: str, tmp_path_factory: pytest.TempPathFactory) -> LogPorts:
    """Ports over file stores of this run, with both histories begun."""
    from consent.log.keystore_file import FileKeyStore
    from consent.log.ports import log_ports
    from consent.log.start import initialise
    from consent.log.storage_file import FileObjectStore

    root: Path = tmp_path_factory.mktemp("log")
    made = log_ports(
        key_store=FileKeyStore(root / "keys"),
        objects=FileObjectStore(root / "objects"),
        key_secret=b"tests only: not a secret" + bytes(16),
    )
    initialise(made)
    return made
