"""One running registry for the tests that leave it running."""

import shutil
from collections.abc import Iterator

import pytest

from tests.integration.running import Running, new_folder


@pytest.fixture(scope="session")
def registry() -> Iterator[Running]:
    """A registry as `make run` starts it, for the whole session."""
    running = Running(new_folder())
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(running.folder, ignore_errors=True)


@pytest.fixture
def own_registry() -> Iterator[Running]:
    """A registry that the test may kill."""
    running = Running(new_folder())
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(running.folder, ignore_errors=True)
