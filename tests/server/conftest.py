"""One running registry for the tests that only ask it; the tests of starting and killing make their own."""

import shutil
from collections.abc import Iterator

import pytest

from tests.integration.running import new_folder
from tests.server.laptop import Laptop


@pytest.fixture(scope="session")
def laptop() -> Iterator[Laptop]:
    """A registry as `make run` starts it."""
    running = Laptop(new_folder())
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(running.folder, ignore_errors=True)


@pytest.fixture
def own_laptop() -> Iterator[Laptop]:
    """A registry that the test may start, kill and start again."""
    running = Laptop(new_folder())
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(running.folder, ignore_errors=True)
