"""Fixtures of the registry's tests: a world of its own for each test, on the run's one database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.registry.world import World


@pytest.fixture(scope="session")
def log_ports(database: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The log's ports over folders of this run, with both histories begun."""
    from consent.log.start import initialise
    from tests.log.history import file_ports

    made = file_ports(tmp_path_factory.mktemp("registry"))
    initialise(made)
    return made


@pytest.fixture
def waits() -> list[float]:
    """How long enforcement was waited for, in seconds; nobody really sleeps."""
    return []


@pytest.fixture
def world(log_ports: Any, waits: list[float]) -> "Iterator[World]":
    """The live side. The boot clock moves only by waiting, so that waits are counted and cost nothing."""
    from tests.registry.world import Clock, World, registry_ports

    class BootClock:
        now = 1000.0

        def __call__(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            self.now += seconds

    boot = BootClock()
    clock = Clock()
    ports = registry_ports(replace(log_ports, boot_clock=boot, sleep=boot.sleep), clock)
    yield World(ports=ports, clock=clock)


@pytest.fixture
def state_folder(tmp_path: Path) -> Path:
    """A folder for one test's stores."""
    return tmp_path


@pytest.fixture
def intruder(database: str) -> Iterator[Any]:
    """A superuser's own connection with every trigger of the registry's tables switched off."""
    with psycopg.connect(database, autocommit=True) as connection:

        @contextmanager
        def without_triggers() -> Iterator[psycopg.Connection[Any]]:
            tables = ("registry_grant", "registry_pairwisereference", "registry_grantending")
            for table in tables:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")  # type: ignore[arg-type]
            try:
                yield connection
            finally:
                for table in tables:
                    connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")  # type: ignore[arg-type]

        yield without_triggers
