"""A log of its own for a test."""

from pathlib import Path

import pytest

from tests.log.publishing.house import House, open_house


@pytest.fixture
def house(own_database: str, tmp_path: Path) -> House:
    """The test side of an empty database."""
    return open_house(tmp_path)
